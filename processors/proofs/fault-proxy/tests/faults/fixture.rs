//! A broker that takes every frame and says so, and a client that sends frames.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

pub(crate) const WAIT: Duration = Duration::from_secs(10);
/// Long enough to see that nothing comes.
pub(crate) const MOMENT: Duration = Duration::from_millis(200);

pub(crate) const HEARTBEAT: i16 = 12;
pub(crate) const LEAVE_GROUP: i16 = 13;

/// What a broker got, with the number of the connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Got {
    Frame(usize, Vec<u8>),
    End(usize),
}

pub(crate) struct Broker {
    pub(crate) address: String,
    got: Receiver<Got>,
}

impl Broker {
    /// Answers every request with its correlation id and `body`.
    pub(crate) fn start(body: &'static [u8]) -> Self {
        Self::start_with(move |_| body.to_vec())
    }

    pub(crate) fn start_with(body: impl Fn(&[u8]) -> Vec<u8> + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (tell, got) = channel();
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (stream, tell, body) = (stream.unwrap(), tell.clone(), body.clone());
                std::thread::spawn(move || serve(number, stream, &tell, body));
            }
        });
        Self { address, got }
    }

    pub(crate) fn next(&self) -> Got {
        self.got.recv_timeout(WAIT).unwrap()
    }

    /// The next frame, whatever connection it came on.
    pub(crate) fn next_frame(&self) -> (usize, Vec<u8>) {
        loop {
            if let Got::Frame(number, frame) = self.next() {
                return (number, frame);
            }
        }
    }

    pub(crate) fn gets_nothing(&self) {
        let got = self.got.recv_timeout(MOMENT).ok();
        assert!(!matches!(got, Some(Got::Frame(..))), "{got:?}");
    }
}

fn serve(number: usize, mut stream: TcpStream, tell: &Sender<Got>, body: impl Fn(&[u8]) -> Vec<u8>) {
    while let Some(frame) = read_frame(&mut stream) {
        let answer = [&frame[4..8], &body(&frame)].concat();
        // The test may have ended.
        // Reported before it is answered: what follows from the answer comes later, on whichever connection.
        if tell.send(Got::Frame(number, frame)).is_err() || write_frame(&mut stream, &answer).is_err() {
            return;
        }
    }
    let _ended = tell.send(Got::End(number));
}

fn read_frame(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let mut frame = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut frame).ok()?;
    Some(frame)
}

fn write_frame(stream: &mut TcpStream, frame: &[u8]) -> std::io::Result<()> {
    let length = (frame.len() as u32).to_be_bytes();
    stream.write_all(&[&length, frame].concat())
}

/// A request with a header of version 1.
pub(crate) fn request(key: i16, correlation_id: i32, client_id: &str, body: &[u8]) -> Vec<u8> {
    let mut frame = [key.to_be_bytes(), [0, 0]].concat();
    frame.extend_from_slice(&correlation_id.to_be_bytes());
    frame.extend_from_slice(&(client_id.len() as i16).to_be_bytes());
    frame.extend_from_slice(client_id.as_bytes());
    frame.extend_from_slice(body);
    frame
}

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    client_id: &'static str,
}

/// What a client finds when it reads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Answer(i32, Vec<u8>),
    Nothing,
    End,
    Reset,
}

impl Client {
    pub(crate) fn connect(to: &str, client_id: &'static str) -> Self {
        Self {
            stream: TcpStream::connect(to).unwrap(),
            client_id,
        }
    }

    /// Sends a request, and returns its bytes.
    pub(crate) fn send(&mut self, key: i16, correlation_id: i32, body: &[u8]) -> Vec<u8> {
        let frame = request(key, correlation_id, self.client_id, body);
        write_frame(&mut self.stream, &frame).unwrap();
        frame
    }

    pub(crate) fn read(&mut self) -> Found {
        self.read_within(WAIT)
    }

    pub(crate) fn read_within(&mut self, patience: Duration) -> Found {
        self.stream.set_read_timeout(Some(patience)).unwrap();
        let mut length = [0; 4];
        match self.stream.read_exact(&mut length) {
            Ok(()) => {}
            Err(error) => {
                return match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => Found::Nothing,
                    ErrorKind::UnexpectedEof => Found::End,
                    ErrorKind::ConnectionReset => Found::Reset,
                    other => panic!("{other}"),
                };
            }
        }
        let mut frame = vec![0; u32::from_be_bytes(length) as usize];
        self.stream.read_exact(&mut frame).unwrap();
        Found::Answer(i32::from_be_bytes(frame[..4].try_into().unwrap()), frame[4..].to_vec())
    }

    /// One request and its answer.
    pub(crate) fn ask(&mut self, correlation_id: i32) {
        self.send(HEARTBEAT, correlation_id, b"ask");
        let Found::Answer(answered, _) = self.read() else {
            panic!("no answer");
        };
        assert_eq!(answered, correlation_id);
    }
}
