//! How a connection comes to be encrypted, in the time that the head of a request may take.

use crate::exchange::{CloseReason, Exchange};
use crate::transport::Transport;
use rustls::ServerConfig;
use std::io;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

/// The first byte of a TLS connection: the type of a record that holds a handshake (RFC 8446, 5.1).
const HANDSHAKE_RECORD: u8 = 0x16;

/// How it ended.
pub(crate) enum Handshake {
    Done(Transport),
    /// The client has gone or cannot agree, or the server stops.
    Ended,
    CloseReason(CloseReason),
    /// The client speaks something else, such as plain HTTP.
    NoTls(TcpStream),
}

/// Agrees with the client on how to encrypt.
pub(crate) async fn handshake(
    stream: TcpStream,
    config: &Arc<ServerConfig>,
    exchange: &Exchange,
    mut closed: watch::Receiver<bool>,
) -> Handshake {
    exchange.read(Instant::now());
    let ended = tokio::select! {
        biased;
        cut = exchange.cut() => return Handshake::CloseReason(cut),
        _closed = closed.wait_for(|closed| *closed) => return Handshake::Ended,
        ended = agreed(stream, config) => ended,
    };
    exchange.connected(Instant::now());
    ended.unwrap_or_else(|error| {
        tracing::debug!(%error, "a connection could not be encrypted");
        Handshake::Ended
    })
}

async fn agreed(stream: TcpStream, config: &Arc<ServerConfig>) -> io::Result<Handshake> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 0 {
        return Ok(Handshake::Ended);
    }
    if first != [HANDSHAKE_RECORD] {
        return Ok(Handshake::NoTls(stream));
    }
    let stream = TlsAcceptor::from(Arc::clone(config)).accept(stream).await?;
    Ok(Handshake::Done(Transport::of_tls(stream)))
}
