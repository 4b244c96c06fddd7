//! Frames: a length of four bytes and what it counts. Requests are looked into as far as rules need it.

use crate::api::ApiKey;
use crate::wire::{Cursor, Malformed};
use bytes::Bytes;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The broker's own limit (`socket.request.max.bytes`): what is longer is no Kafka.
const FRAME_BYTES_MAX: usize = 100 * 1024 * 1024;

/// One request, without its length.
#[derive(Debug, Clone)]
pub struct Request {
    bytes: Bytes,
    key: ApiKey,
    version: i16,
    correlation_id: i32,
    client_id: Option<String>,
    transactional_id: Option<String>,
    commit: Option<bool>,
    /// Where that stands.
    commit_at: usize,
    /// The acknowledgements that a Produce asks for: with 0, nothing is answered.
    acks: Option<i16>,
}

impl Request {
    pub(crate) fn parse(bytes: Bytes) -> Result<Self, Malformed> {
        let mut header = Cursor::new(&bytes, 0, false);
        let key = ApiKey(header.int16()?);
        let version = header.int16()?;
        let correlation_id = header.int32()?;
        let (mut client_id, mut transactional_id, mut commit, mut acks) = (None, None, None, None);
        let mut commit_at = 0;
        // The oldest of all headers has no client id.
        if key != ApiKey::CONTROLLED_SHUTDOWN || version > 0 {
            client_id = header.plain_string()?.map(str::to_owned);
        }
        let flexible = key.flexible_since().is_some_and(|since| version >= since);
        let mut body = Cursor::new(&bytes, header.at(), flexible);
        body.tagged_fields()?;
        match key {
            ApiKey::PRODUCE => {
                if version >= 3 {
                    transactional_id = body.string()?.map(str::to_owned);
                }
                acks = Some(body.int16()?);
            }
            ApiKey::END_TXN => {
                transactional_id = body.string()?.map(str::to_owned);
                body.int64()?;
                body.int16()?;
                commit_at = body.at();
                commit = Some(body.int8()? != 0);
            }
            // From version 4 on it is a batch for other brokers.
            ApiKey::ADD_PARTITIONS_TO_TXN if version > 3 => {}
            ApiKey::INIT_PRODUCER_ID | ApiKey::ADD_PARTITIONS_TO_TXN | ApiKey::ADD_OFFSETS_TO_TXN | ApiKey::TXN_OFFSET_COMMIT => {
                transactional_id = body.string()?.map(str::to_owned);
            }
            _ => {}
        }
        Ok(Self {
            bytes,
            key,
            version,
            correlation_id,
            client_id,
            transactional_id,
            commit,
            commit_at,
            acks,
        })
    }

    pub fn key(&self) -> ApiKey {
        self.key
    }

    pub fn version(&self) -> i16 {
        self.version
    }

    pub fn correlation_id(&self) -> i32 {
        self.correlation_id
    }

    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// Of the requests of a transaction; `None` also for a Produce without one.
    pub fn transactional_id(&self) -> Option<&str> {
        self.transactional_id.as_deref()
    }

    /// Of an EndTxn: whether it commits.
    pub fn commit(&self) -> Option<bool> {
        self.commit
    }

    /// The same as an abort, of an EndTxn that commits.
    pub(crate) fn overturned(&self) -> Option<Bytes> {
        let mut bytes = self.bytes.to_vec();
        *bytes.get_mut(self.commit_at).filter(|_| self.commit == Some(true))? = 0;
        Some(bytes.into())
    }

    /// The whole request: header and body, without the length before them.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub(crate) fn is_answered(&self) -> bool {
        self.acks != Some(0)
    }
}

/// The correlation id of an answer.
pub(crate) fn correlation_id(answer: &[u8]) -> Result<i32, Malformed> {
    Cursor::new(answer, 0, false).int32()
}

/// The next frame without its length; `None` at the orderly end of the connection.
pub(crate) async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Bytes>> {
    let mut length = [0; 4];
    if from.read(&mut length[..1]).await? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut length[1..]).await?;
    let length = usize::try_from(i32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > FRAME_BYTES_MAX {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the length of a frame is beyond all limits",
        ));
    }
    // Grows with what comes: a length alone reserves nothing.
    let mut frame = Vec::with_capacity(length.min(64 * 1024));
    let read = from.take(length as u64).read_to_end(&mut frame).await?;
    if read < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(frame.into()))
}

pub(crate) async fn write(to: &mut (impl AsyncWrite + Unpin), frame: &[u8]) -> io::Result<()> {
    let length = i32::try_from(frame.len()).map_err(|_| io::ErrorKind::InvalidData)?;
    let mut bytes = Vec::with_capacity(4 + frame.len());
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(frame);
    to.write_all(&bytes).await
}

#[cfg(test)]
mod tests;
