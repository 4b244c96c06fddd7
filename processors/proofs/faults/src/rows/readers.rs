//! Clients of a view that ask for much and read nothing, or send a request byte by byte.

use crate::rows::{Needs, Row};
use crate::{Ground, Scene, Shape};
use end_to_end::{Program, sum, within};
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

pub(super) const ROWS: &[Row] = &[Row {
    number: 58,
    name: "slow-readers",
    what: "1,200 clients of a view ask and read nothing, or never end their request: others are answered all the while, memory is bounded, all of them lose their connections",
    needs: Needs::Broker,
    run: slow_readers,
}];

/// More than a view serves at once.
const READERS: usize = 1_200;
/// Each asks so often for a page that is larger than what the kernel holds for it.
const REQUESTS: usize = 4;
const PAGE: &str = "/legs?limit=1000";
/// What others may have to wait for, on a busy machine: connections that read nothing are closed a second after they are in the way.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(15);
const OTHERS: usize = 40;
/// 64 MiB of unread answers, and what is handed over to the kernel piece by piece.
const MEMORY_GROWTH_BYTES_MAX: f64 = 200e6;
const CUT_WAIT_MAX: Duration = Duration::from_secs(90);

fn slow_readers(ground: &Ground) {
    service::open_files::allow(READERS as u64 + 500).unwrap();
    let mut scene = Scene::begin(ground, "readers", 2);
    scene.processor("one");
    scene.materializer("view");
    scene.load(Shape::default());
    scene.progress(1_200);
    scene.end_load();
    scene.drain();
    let view = scene.fleet.program("view");
    let page = view.answer(PAGE).unwrap();
    assert_eq!(page.status, 200);
    let memory = view.metric("process_resident_memory_bytes");
    let crowd: Vec<TcpStream> = (0..READERS).map(|number| ask(view, number)).collect();
    let (mut slowest, mut most) = (Duration::ZERO, memory);
    for _ in 0..OTHERS {
        for path in ["/position", PAGE] {
            let took = within(ANSWER_WAIT_MAX, "another client is answered", || {
                view.answer(path).is_some_and(|answer| answer.status == 200)
            });
            slowest = slowest.max(took);
        }
        assert!(view.is_ready(), "the operations port answers all the while");
        most = most.max(view.metric("process_resident_memory_bytes"));
    }
    let growth = most - memory;
    ground.tell(&format!(
        "others waited for {:.2} s at most; {:.0} MB, and at most {:.0} MB more",
        slowest.as_secs_f64(),
        memory / 1e6,
        growth / 1e6
    ));
    assert!(growth < MEMORY_GROWTH_BYTES_MAX, "{growth} bytes more");
    let cut = |view: &Program| sum(&view.metrics().unwrap_or_default(), "aerolog_http_connections_cut_total");
    within(CUT_WAIT_MAX, "all of them lose their connections", || {
        cut(view) + view.metric("aerolog_http_connections_refused_total{port=\"questions\"}") >= READERS as f64 * 0.9
    });
    drop(crowd);
    scene.finish();
}

/// Two in three ask and never read; the third never comes to the end of its request.
fn ask(view: &Program, number: usize) -> TcpStream {
    let mut stream = TcpStream::connect(view.address()).unwrap();
    let request = format!("GET {PAGE} HTTP/1.1\r\nHost: view\r\n\r\n").repeat(REQUESTS);
    let sent = if number.is_multiple_of(3) { &request[..30] } else { &request };
    // It may be closed already.
    let _written = stream.write_all(sent.as_bytes());
    stream
}
