//! A cart, whose state is a list.

use super::*;
use decider::{Context, Rejection};
use keyvalue::Mutation;
use serde::Deserialize;

#[derive(Debug)]
struct Cart;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Event {
    #[serde(rename = "item-added")]
    Added(String),
    Emptied,
    Counted {
        items: u64,
    },
}

/// No enum.
#[derive(Serialize)]
struct Add {
    item: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Items(Vec<String>);

impl Domain for Cart {
    type Command = Add;
    type Event = Event;
    type State = Items;
    type Representation = Json;

    fn initial(_: &str) -> Items {
        Items::default()
    }

    fn decide(_: &Context<'_>, _: &Items, command: &Add) -> Result<Vec<Event>, Rejection> {
        Ok(vec![Event::Added(command.item.clone())])
    }

    fn evolve(_: &mut Items, _: &Event) {}
}

type Represented = <Cart as Domain>::Representation;

fn stored(state: &Items) -> Vec<u8> {
    let mut mutations = Vec::new();
    <Represented as Representation<Cart>>::store(state, &Event::Emptied, &mut Parts::new(0, "cart/1", 7, &mut mutations));
    let [Mutation::Put { key, value }] = &mutations[..] else {
        panic!("one part is put, not {mutations:?}")
    };
    assert!(key.ends_with(STATE));
    let (value, version) = value.split_last_chunk::<8>().unwrap();
    assert_eq!(*version, 7_u64.to_be_bytes());
    value.to_vec()
}

fn load(parts: &[(&[u8], &[u8])]) -> Result<Items, String> {
    <Represented as Representation<Cart>>::load("cart/1", &mut parts.iter().copied())
}

#[test]
fn a_state_comes_back_from_its_only_part() {
    let state = Items(vec!["book".to_owned(), "\u{1F4D6}".to_owned()]);
    assert_eq!(load(&[(STATE, &stored(&state))]), Ok(state));
}

#[test]
fn parts_of_a_former_form_are_refused_with_what_to_do() {
    let state = stored(&Items::default());
    assert_eq!(load(&[]), Err("the state is missing".to_owned()));
    let other = "it has a part \"items\" of a former form of states: raise STATE_VERSION, so that they are rebuilt";
    assert_eq!(load(&[(b"items", &state)]), Err(other.to_owned()));
    let other = "it has a part \"total\" of a former form of states: raise STATE_VERSION, so that they are rebuilt";
    assert_eq!(load(&[(STATE, &state), (b"total", b"7")]), Err(other.to_owned()));
    let changed = load(&[(STATE, b"{}")]).unwrap_err();
    assert!(
        changed.starts_with("the stored state cannot be read: invalid type") && changed.ends_with("raise STATE_VERSION"),
        "{changed}"
    );
}

#[test]
fn names_are_those_of_the_variants_in_json() {
    let event_type = <Represented as Representation<Cart>>::event_type;
    assert_eq!(event_type(&Event::Added("book".to_owned())), "item-added");
    assert_eq!(
        (event_type(&Event::Emptied), event_type(&Event::Counted { items: 1 })),
        ("Emptied", "Counted")
    );
    let command = Add { item: "book".to_owned() };
    assert_eq!(<Represented as Representation<Cart>>::command_type(&command), "Add");
}

#[test]
fn a_size_grows_with_the_state_and_covers_its_text() {
    let size = <Represented as Representation<Cart>>::size_bytes;
    let (none, many) = (size(&Items::default()), size(&Items(vec!["0123456789".to_owned(); 1000])));
    let held = 1000 * (size_of::<String>() + 10);
    assert!(none < 100 && many > held * 3 / 4 && many < held * 2, "{none} and {many} for {held}");
}
