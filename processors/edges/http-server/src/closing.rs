//! The orderly end of a connection.

use crate::answer::Answer;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// How much of what a client still sends is read and thrown away before its connection is closed: one that is closed over unread
/// bytes is reset, and the client may lose the answer with it.
const LINGER_BYTES_MAX: usize = 4 << 20;
const LINGER_WAIT_MAX: Duration = Duration::from_secs(1);
const LINGER_BUFFER_BYTES: usize = 16 << 10;

/// Ends a connection so that the client gets what was written to it, and `last_words` after it.
pub(crate) async fn close<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, last_words: Option<Answer>) -> io::Result<()> {
    let ending = async {
        if let Some(answer) = last_words {
            stream.write_all(&answer.to_bytes_closing()).await?;
        }
        stream.shutdown().await?;
        // On the heap: an array would be part of what every connection takes.
        let mut unread = vec![0; LINGER_BUFFER_BYTES];
        let mut left = LINGER_BYTES_MAX;
        loop {
            let length = stream.read(&mut unread).await?;
            if length == 0 || length > left {
                return Ok(());
            }
            left -= length;
        }
    };
    timeout(LINGER_WAIT_MAX, ending).await.unwrap_or(Ok(()))
}
