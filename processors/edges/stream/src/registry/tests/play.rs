//! A listener that gives prepared answers.

use super::Registry;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

pub(super) const ABSENT: &str = r#"{"error_code": 40403, "message": "Schema not found"}"#;

/// A registry that answers the requests that come with these, in turn, and then is gone.
pub(super) fn registry_that_says(answers: &[(u16, &str)]) -> (Registry, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let answers: Vec<(u16, String)> = answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
    let playing = std::thread::spawn(move || {
        for (status, body) in answers {
            let (mut connection, _) = listener.accept().unwrap();
            let asked = connection.read(&mut [0; 4096]).unwrap();
            assert!(asked > 0);
            answer(&mut connection, status, &body);
        }
    });
    (Registry::new(&url).unwrap(), playing)
}

pub(super) fn answer(connection: &mut TcpStream, status: u16, body: &str) {
    let length = body.len();
    let _gone = write!(
        connection,
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
}

/// A registry that has these paths, and answers all others with the same.
pub(super) struct Site {
    pub(super) registry: Registry,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Site {
    pub(super) fn new(pages: &[(&str, u16, &str)], otherwise: (u16, &str)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let pages: BTreeMap<String, (u16, String)> = pages
            .iter()
            .map(|(path, status, body)| ((*path).to_owned(), (*status, (*body).to_owned())))
            .collect();
        let otherwise = (otherwise.0, otherwise.1.to_owned());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        // It listens for as long as the tests run.
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let Ok(mut connection) = connection else { return };
                let mut request = [0; 4096];
                let length = connection.read(&mut request).unwrap_or(0);
                let text = String::from_utf8_lossy(&request[..length]).into_owned();
                let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
                let (status, body) = pages.get(&path).unwrap_or(&otherwise);
                noted.lock().unwrap().push(path);
                answer(&mut connection, *status, body);
            }
        });
        let registry = Registry::new(&url).unwrap();
        Self { registry, asked }
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}
