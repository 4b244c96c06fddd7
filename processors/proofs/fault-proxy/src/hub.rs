//! The listeners in front of brokers, and what all their connections share.

use crate::rewrite::Address;
use crate::state::Shared;
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, TcpListener as StdListener};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;

/// Serves one connection until its end. Boxed, because it is large and there is one for each connection.
pub(crate) type Serve = fn(TcpStream, Address, Arc<Hub>) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// What all listeners share.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) shared: Shared,
    /// By broker: the listener in front of it.
    pub(crate) places: Mutex<BTreeMap<Address, Address>>,
    pub(crate) runtime: Handle,
    /// Serves an accepted connection.
    pub(crate) serve: Serve,
}

impl Hub {
    /// The listener in front of a broker, opened when it is first asked for.
    pub(crate) fn place(self: &Arc<Self>, broker: &Address) -> io::Result<Address> {
        self.place_at(broker, 0)
    }

    pub(crate) fn place_at(self: &Arc<Self>, broker: &Address, port: u16) -> io::Result<Address> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.get(broker) {
            return Ok(place.clone());
        }
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let place = Address {
            host: Ipv4Addr::LOCALHOST.to_string(),
            port: listener.local_addr()?.port(),
        };
        let entered = self.runtime.enter();
        let listener = TcpListener::from_std(listener)?;
        drop(entered);
        self.runtime.spawn(listen(listener, broker.clone(), Arc::clone(self)));
        places.insert(broker.clone(), place.clone());
        Ok(place)
    }
}

/// After a failed accept (no file descriptor is free), others may be closed.
const ACCEPT_REST: Duration = Duration::from_millis(50);

async fn listen(listener: TcpListener, broker: Address, hub: Arc<Hub>) {
    loop {
        match listener.accept().await {
            Ok((client, _)) => drop(tokio::spawn((hub.serve)(client, broker.clone(), Arc::clone(&hub)))),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_REST).await;
            }
        }
    }
}
