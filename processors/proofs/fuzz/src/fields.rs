//! One input that holds several: each field with two bytes of length before it.

/// The fields of an input. A length that goes beyond the end stands for all that is left, so that every input has fields.
pub fn split(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = input;
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_be_bytes(*length)).min(after.len());
        let (field, after) = after.split_at(length);
        rest = after;
        Some(field)
    })
}

/// The input that [`split`] takes apart into these fields, each cut to what two bytes can count.
pub fn joined<'f>(fields: impl IntoIterator<Item = &'f [u8]>) -> Vec<u8> {
    let mut input = Vec::new();
    for field in fields {
        let length = u16::try_from(field.len()).unwrap_or(u16::MAX);
        input.extend_from_slice(&length.to_be_bytes());
        input.extend_from_slice(&field[..usize::from(length)]);
    }
    input
}
