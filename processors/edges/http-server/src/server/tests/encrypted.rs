//! Connections over TLS: the same answers and the same bounds, and certificates that are replaced.

use super::*;
use crate::certificates::Certificates;
use crate::listener::Listener;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use test_certificates::{Issued, issued};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const HOST: &str = "localhost";

/// A server with this certificate.
fn encrypted(limits: Limits, certificate: &Issued) -> (Running, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    certificate.write_to(folder.path());
    let certificates = Certificates::read(folder.path()).unwrap();
    let running = running_on(limits, |socket| Listener::from(socket).with_certificates(Some(certificates)));
    (running, folder)
}

/// A connection of a client that trusts this certificate only.
async fn connected(address: SocketAddr, trusted: &Issued) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(trusted.certificate.clone())).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(HOST).unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, TcpStream::connect(address).await?)
        .await
}

async fn asked(stream: &mut TlsStream<TcpStream>, path: &str) -> io::Result<String> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut text = String::new();
    timeout(Duration::from_secs(20), stream.read_to_string(&mut text)).await.unwrap()?;
    Ok(text)
}

#[tokio::test]
async fn answers_small_and_large_come_whole_and_the_connection_ends_in_order() {
    let certificate = issued(HOST);
    let (running, _folder) = encrypted(Limits::default(), &certificate);
    let answer = asked(&mut connected(running.address, &certificate).await.unwrap(), "/small")
        .await
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("small"), "{answer}");
    let answer = asked(&mut connected(running.address, &certificate).await.unwrap(), "/large")
        .await
        .unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    assert!(body.len() == LARGE_BYTES && body.bytes().all(|byte| byte == b'4'), "{}", body.len());
    let mut stream = connected(running.address, &certificate).await.unwrap();
    stream
        .write_all(
            b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nbodyGET /slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        )
        .await
        .unwrap();
    let mut both = String::new();
    stream.read_to_string(&mut both).await.unwrap();
    assert!(both.contains("body") && both.ends_with("slow"), "{both}");
}

#[tokio::test]
async fn refusals_are_problem_documents_over_tls_too() {
    let certificate = issued(HOST);
    let (running, _folder) = encrypted(Limits::default(), &certificate);
    let mut stream = connected(running.address, &certificate).await.unwrap();
    stream.write_all(b"NO REQUEST\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    problem(&answer, 400, "no-request");
}

#[tokio::test]
async fn plain_http_on_the_port_is_answered_in_plain_text() {
    let (running, _folder) = encrypted(Limits::default(), &issued(HOST));
    problem(&running.ask("/small").await, 400, "tls-wanted");
}

#[tokio::test]
async fn a_certificate_that_is_replaced_is_shown_to_new_connections_while_others_go_on() {
    let (first, second) = (issued(HOST), issued(HOST));
    let (running, folder) = encrypted(Limits::default(), &first);
    let mut kept = connected(running.address, &first).await.unwrap();
    let (stop, stopped) = watch::channel(false);
    let address = running.address;
    // Clients ask all the time, and trust the one or the other.
    let asking: Vec<_> = (0..4)
        .map(|_| {
            let (first, second) = (first.clone(), second.clone());
            let stopped = stopped.clone();
            tokio::spawn(async move {
                let mut answers = 0;
                while !*stopped.borrow() {
                    let mut stream = match connected(address, &first).await {
                        Ok(stream) => stream,
                        Err(_) => connected(address, &second).await.unwrap(),
                    };
                    assert!(asked(&mut stream, "/small").await.unwrap().ends_with("small"));
                    answers += 1;
                }
                answers
            })
        })
        .collect();
    // One file comes before the other.
    std::fs::write(folder.path().join("tls.crt"), &second.chain_pem).unwrap();
    sleep(Duration::from_millis(1500)).await;
    assert!(connected(running.address, &first).await.is_ok(), "the pair is not whole yet");
    std::fs::write(folder.path().join("tls.key"), &second.key_pem).unwrap();
    let replaced = async {
        while connected(running.address, &second).await.is_err() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(10), replaced).await.unwrap();
    assert!(connected(running.address, &first).await.is_err(), "the former certificate is gone");
    stop.send_replace(true);
    for task in asking {
        assert!(task.await.unwrap() > 0);
    }
    assert!(asked(&mut kept, "/small").await.unwrap().ends_with("small"), "a connection goes on");
}

#[tokio::test]
async fn a_handshake_has_the_time_of_a_head_and_keeps_no_place_from_others() {
    let certificate = issued(HOST);
    let limits = Limits {
        connections_max: 2,
        head_wait_max: Duration::from_millis(300),
        ..Limits::default()
    };
    let (running, _folder) = encrypted(limits, &certificate);
    // Nothing, and the beginning of a handshake.
    let silent = running.connect().await;
    let begun = running.sent(&[0x16, 3, 1]).await;
    let mut stream = timeout(Duration::from_secs(5), connected(running.address, &certificate))
        .await
        .unwrap()
        .unwrap();
    assert!(asked(&mut stream, "/small").await.unwrap().ends_with("small"));
    for mut stream in [silent, begun] {
        assert_eq!(
            timeout(Duration::from_secs(5), stream.read(&mut [0; 64]))
                .await
                .unwrap()
                .unwrap_or(0),
            0
        );
    }
}

#[tokio::test]
async fn an_answer_that_is_not_read_is_cut_over_tls_too() {
    let certificate = issued(HOST);
    let limits = Limits {
        write_stall_max: Duration::from_millis(300),
        ..Limits::default()
    };
    let (running, _folder) = encrypted(limits, &certificate);
    let mut stream = connected(running.address, &certificate).await.unwrap();
    for _ in 0..8 {
        stream.write_all(LARGE).await.unwrap();
    }
    until("the connection is cut", || running.metrics.open.get() == 0).await;
}
