//! A collector for OTLP over HTTP that a test plays, and the spans that it was sent.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A span with the name of its service.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) service: String,
    pub(crate) name: String,
    pub(crate) trace_id: String,
    pub(crate) id: String,
    pub(crate) parent: String,
    pub(crate) start_ns: u64,
    pub(crate) end_ns: u64,
    pub(crate) attributes: BTreeMap<String, String>,
}

/// Takes spans until the test ends.
pub(crate) struct Collector {
    address: SocketAddr,
    spans: Arc<Mutex<Vec<Seen>>>,
}

impl Collector {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let spans = Arc::new(Mutex::new(Vec::new()));
        let taken = Arc::clone(&spans);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let taken = Arc::clone(&taken);
                thread::spawn(move || serve(&stream.unwrap(), &taken));
            }
        });
        Self { address, spans }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn spans(&self) -> Vec<Seen> {
        self.spans.lock().unwrap().clone()
    }
}

fn serve(stream: &TcpStream, taken: &Mutex<Vec<Seen>>) {
    let mut reader = BufReader::new(stream);
    while let Some(body) = request(&mut reader) {
        taken.lock().unwrap().extend(decode(&body));
        let mut stream = stream;
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n"
        )
        .unwrap();
    }
}

/// The body of the next request; `None` where the client has closed the connection.
fn request(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return None;
        }
    }
    let head = head.to_lowercase();
    assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/x-protobuf\r\n"), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    Some(body)
}

/// An ExportTraceServiceRequest, by the numbers of opentelemetry-proto.
fn decode(request: &[u8]) -> Vec<Seen> {
    let mut found = Vec::new();
    for resource_spans in Fields::of(request).all(1) {
        let resource = Fields::of(&resource_spans).all(1).pop().unwrap();
        let attributes = attributes(&Fields::of(&resource), 1);
        for scope_spans in Fields::of(&resource_spans).all(2) {
            for span in Fields::of(&scope_spans).all(2) {
                let fields = Fields::of(&span);
                found.push(Seen {
                    service: attributes["service.name"].clone(),
                    name: fields.text(5),
                    trace_id: fields.hex(1),
                    id: fields.hex(2),
                    parent: fields.hex(4),
                    start_ns: fields.number(7),
                    end_ns: fields.number(8),
                    attributes: self::attributes(&fields, 9),
                });
            }
        }
    }
    found
}

fn attributes(of: &Fields, field: u64) -> BTreeMap<String, String> {
    let attribute = |bytes: Vec<u8>| {
        let attribute = Fields::of(&bytes);
        let value = Fields::of(&attribute.all(2)[0]);
        let value = match value.all(1).pop() {
            Some(text) => String::from_utf8(text).unwrap(),
            None => value.number(3).cast_signed().to_string(),
        };
        (attribute.text(1), value)
    };
    of.all(field).into_iter().map(attribute).collect()
}

/// The fields of a protobuf message, in their order: number, and bytes or a number.
struct Fields(Vec<(u64, Vec<u8>, u64)>);

impl Fields {
    fn of(mut bytes: &[u8]) -> Self {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let key = varint(&mut bytes);
            let (value, number) = match key & 7 {
                0 => (Vec::new(), varint(&mut bytes)),
                1 => (Vec::new(), u64::from_le_bytes(taken(&mut bytes, 8).try_into().unwrap())),
                2 => {
                    let length = usize::try_from(varint(&mut bytes)).unwrap();
                    (taken(&mut bytes, length).to_vec(), 0)
                }
                5 => (Vec::new(), u32::from_le_bytes(taken(&mut bytes, 4).try_into().unwrap()).into()),
                other => panic!("no type of the wire format: {other}"),
            };
            fields.push((key >> 3, value, number));
        }
        Self(fields)
    }

    fn all(&self, field: u64) -> Vec<Vec<u8>> {
        let of_it = self.0.iter().filter(|(found, ..)| *found == field);
        of_it.map(|(_, value, _)| value.clone()).collect()
    }

    fn number(&self, field: u64) -> u64 {
        self.0.iter().find(|(found, ..)| *found == field).map_or(0, |(.., number)| *number)
    }

    fn text(&self, field: u64) -> String {
        String::from_utf8(self.all(field).pop().unwrap()).unwrap()
    }

    fn hex(&self, field: u64) -> String {
        self.all(field).pop().unwrap().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = taken(bytes, 1)[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}

fn taken<'b>(bytes: &mut &'b [u8], count: usize) -> &'b [u8] {
    let (first, rest) = bytes.split_at(count);
    *bytes = rest;
    first
}
