//! The headers of a record as bytes. Kafka does not ask a header's name to be text; the `rdkafka` crate does, and panics where it is not.

use super::sys;
use rdkafka::message::{BorrowedHeaders, BorrowedMessage, OwnedHeaders};
use std::ffi::CStr;
use std::marker::PhantomData;
use std::os::raw::{c_char, c_void};
use std::{ptr, slice};

/// The headers of one record, in their order. A name that holds a zero byte ends before it: the C interface gives no length.
#[derive(Debug, Clone)]
pub(crate) struct Headers<'m> {
    /// Null where the record has none.
    list: *const sys::rd_kafka_headers_t,
    next: usize,
    are_unreadable: bool,
    record: PhantomData<&'m ()>,
}

impl<'m> Headers<'m> {
    pub(crate) fn of(message: &'m BorrowedMessage<'_>) -> Self {
        let mut list = ptr::null_mut();
        // SAFETY: the message is valid while it is borrowed, and owns the list that it gives.
        let code = unsafe { sys::rd_kafka_message_headers(message.ptr(), &raw mut list) };
        let is_read = code == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
        let is_empty = code == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR__NOENT;
        Self {
            list: if is_read { list.cast_const() } else { ptr::null() },
            next: 0,
            are_unreadable: !is_read && !is_empty,
            record: PhantomData,
        }
    }

    /// The client could not parse them: librdkafka 2.12.1 takes at most 100,000. They count as none.
    pub(crate) fn are_unreadable(&self) -> bool {
        self.are_unreadable
    }

    /// The value of the last header of that name.
    pub(crate) fn last(self, name: &str) -> Option<&'m [u8]> {
        self.filter(|(found, _)| *found == name.as_bytes()).last()?.1
    }
}

impl<'m> Iterator for Headers<'m> {
    type Item = (&'m [u8], Option<&'m [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.list.is_null() {
            return None;
        }
        let (mut name, mut value, mut length) = (ptr::null(), ptr::null(), 0);
        // SAFETY: the list lives as long as its record. A name ends with a zero, a value is null or has the length that is said.
        unsafe {
            let code = sys::rd_kafka_header_get_all(self.list, self.next, &raw mut name, &raw mut value, &raw mut length);
            if code != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
                return None;
            }
            self.next += 1;
            let value = (!value.is_null()).then(|| slice::from_raw_parts(value.cast::<u8>(), length));
            Some((CStr::from_ptr(name).to_bytes(), value))
        }
    }
}

/// Headers for a record that is to be written, with any bytes as names.
#[derive(Debug)]
pub(crate) struct NewHeaders(OwnedHeaders);

impl NewHeaders {
    pub(crate) fn with_capacity(count: usize) -> Self {
        Self(OwnedHeaders::new_with_capacity(count))
    }

    /// All headers of a record, byte for byte.
    pub(crate) fn copied(message: &BorrowedMessage<'_>) -> Self {
        let list = Headers::of(message).list;
        if list.is_null() {
            return Self(OwnedHeaders::default());
        }
        // SAFETY: the list lives as long as the message, and the crate itself takes its address for that of what it borrows. Nothing but the
        // address is used, by librdkafka's function that copies a list.
        let borrowed = unsafe { &*list.cast::<BorrowedHeaders>() };
        Self(borrowed.detach())
    }

    pub(crate) fn push(&mut self, name: &[u8], value: Option<&[u8]>) {
        // The crate keeps the list to itself, and gives it as the address of what it borrows.
        let list = ptr::from_ref(self.0.as_borrowed()).cast_mut().cast::<sys::rd_kafka_headers_t>();
        let bytes = value.map_or(ptr::null(), |value| value.as_ptr().cast::<c_void>());
        let length = value.map_or(0, <[u8]>::len);
        // SAFETY: the list is valid and owned here; the name and the value are copied before the call returns.
        let code = unsafe {
            sys::rd_kafka_header_add(
                list,
                name.as_ptr().cast::<c_char>(),
                name.len().cast_signed(),
                bytes,
                length.cast_signed(),
            )
        };
        assert_eq!(
            code,
            sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR,
            "a list of one's own takes any header"
        );
    }

    pub(crate) fn with(mut self, name: &str, value: &[u8]) -> Self {
        self.push(name.as_bytes(), Some(value));
        self
    }

    pub(crate) fn finish(self) -> OwnedHeaders {
        self.0
    }

    #[cfg(test)]
    pub(crate) fn read(&self) -> Headers<'_> {
        Headers {
            list: ptr::from_ref(self.0.as_borrowed()).cast::<sys::rd_kafka_headers_t>(),
            next: 0,
            are_unreadable: false,
            record: PhantomData,
        }
    }
}

#[cfg(test)]
mod tests;
