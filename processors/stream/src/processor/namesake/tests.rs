//! Which members are of which instance.

use super::is_of;

#[test]
fn a_member_is_of_the_instance_whose_id_stands_before_the_uuid() {
    let member = "aerolog-1-0f8fad5b-d9cb-469f-a165-70867728950e";
    assert!(is_of(member, "aerolog-1"));
    for other in ["aerolog", "aerolog-", "aerolog-10", "aerolog-1-0f8fad5b", ""] {
        assert!(!is_of(member, other), "{other}");
    }
}
