//! A client that costs little: one thread sends a question over each of its connections, then reads all answers.

use anyhow::{Context, ensure};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const WAIT_MAX: Duration = Duration::from_secs(10);

/// One connection that is kept.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The header X-Position; empty where there is none.
    pub(crate) position: String,
    pub(crate) body: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(port: u16) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(WAIT_MAX))?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    pub(crate) fn ask(&mut self, path: &str) -> anyhow::Result<()> {
        self.ask_with(path, "")
    }

    /// Asks for an answer in an encoding, which is not undone.
    pub(crate) fn ask_in(&mut self, path: &str, encoding: &str) -> anyhow::Result<()> {
        self.ask_with(path, &format!("Accept-Encoding: {encoding}\r\n"))
    }

    /// `headers` are whole lines.
    fn ask_with(&mut self, path: &str, headers: &str) -> anyhow::Result<()> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        self.stream.get_mut().write_all(request.as_bytes())?;
        Ok(())
    }

    pub(crate) fn post(&mut self, path: &str, content_type: &str, body: &str) -> anyhow::Result<Answer> {
        self.stream.get_mut().write_all(posting(path, content_type, body).as_bytes())?;
        self.answer()
    }

    pub(crate) fn answer(&mut self) -> anyhow::Result<Answer> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .context("no answer in HTTP")?;
        let mut length = 0;
        let mut position = String::new();
        loop {
            line.clear();
            ensure!(self.stream.read_line(&mut line)? > 0, "the answer broke off");
            if line == "\r\n" {
                break;
            }
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            } else if name.eq_ignore_ascii_case("x-position") {
                value.trim().clone_into(&mut position);
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Answer { status, position, body })
    }

    pub(crate) fn get(&mut self, path: &str) -> anyhow::Result<Answer> {
        self.ask(path)?;
        self.answer()
    }
}

/// A whole request.
fn posting(path: &str, content_type: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// A request that is written while its answer is read, line by line.
pub(crate) struct LineStream {
    answer: BufReader<TcpStream>,
    /// Of the answer, what has come of the line that is not complete.
    begun: Vec<u8>,
    lines: VecDeque<String>,
}

impl LineStream {
    /// Begins to write `body`, on a thread of its own, and reads the head of the answer.
    pub(crate) fn open(port: u16, path: &str, content_type: &str, body: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(WAIT_MAX))?;
        let (mut writing, request) = (stream.try_clone()?, posting(path, content_type, body));
        // Where it fails, the answers break off, too.
        std::thread::spawn(move || writing.write_all(request.as_bytes()));
        let mut answer = BufReader::new(stream);
        let mut line = String::new();
        answer.read_line(&mut line)?;
        ensure!(line.starts_with("HTTP/1.1 200"), "a stream of commands is answered with {line}");
        while line != "\r\n" {
            line.clear();
            ensure!(answer.read_line(&mut line)? > 0, "the answer broke off");
        }
        Ok(Self {
            answer,
            begun: Vec::new(),
            lines: VecDeque::new(),
        })
    }

    /// `None` at the end of the answer.
    pub(crate) fn next_line(&mut self) -> anyhow::Result<Option<String>> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Ok(Some(line));
            }
            let mut size = String::new();
            ensure!(self.answer.read_line(&mut size)? > 0, "the answer broke off");
            let size = usize::from_str_radix(size.trim(), 16).context("no size of a chunk")?;
            let mut chunk = vec![0; size + 2];
            self.answer.read_exact(&mut chunk)?;
            if size == 0 {
                ensure!(self.begun.is_empty(), "the last line is not complete");
                return Ok(None);
            }
            self.begun.extend_from_slice(&chunk[..size]);
            while let Some(end) = self.begun.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.begun.drain(..=end).collect();
                self.lines.push_back(String::from_utf8(line)?);
            }
        }
    }
}
