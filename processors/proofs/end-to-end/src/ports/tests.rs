//! Ports that are given, and those that are taken.

use super::*;
use std::collections::BTreeSet;

#[test]
fn each_port_is_given_once_and_none_is_one_that_a_connection_may_get() {
    let ports: Vec<u16> = std::thread::scope(|threads| {
        let many = || (0..50).map(|_| free_port()).collect::<Vec<_>>();
        let asking = [(); 4].map(|()| threads.spawn(many));
        asking.into_iter().flat_map(|ports| ports.join().unwrap()).collect()
    });
    assert_eq!(ports.iter().collect::<BTreeSet<_>>().len(), 200);
    assert!(ports.iter().all(|port| PORTS.contains(&u32::from(*port))), "{ports:?}");
}

#[test]
fn a_port_that_is_taken_is_not_given() {
    let taken: Vec<_> = (0..20)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, free_port())).unwrap())
        .collect();
    let given: BTreeSet<u16> = (0..20).map(|_| free_port()).collect();
    let taken: BTreeSet<u16> = taken.iter().map(|taken| taken.local_addr().unwrap().port()).collect();
    assert!(given.is_disjoint(&taken));
}
