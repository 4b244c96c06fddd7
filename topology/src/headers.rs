//! The record headers that more than one program reads.

/// The header of a command that was sent on: where it was found, as [`parse_place`] reads it. A client can write it, too.
pub const FORWARDED_FROM: &str = "forwarded-from";

/// Partition and offset of a record from the text `PARTITION/OFFSET`; `None` where it is not that.
pub fn parse_place(text: &str) -> Option<(u32, i64)> {
    let (partition, offset) = text.split_once('/')?;
    let offset = offset.parse().ok().filter(|offset: &i64| *offset >= 0)?;
    Some((partition.parse().ok()?, offset))
}

#[cfg(test)]
mod tests;
