use proptest::prelude::*;

use super::*;
use crate::tree::Peaks;

/// The leaves of the reference tree of the Certificate Transparency projects.
const ENTRIES: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];

/// Its roots at sizes 1 to 8.
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/// RFC 6962 section 2.1, word for word.
fn naive(leaves: &[TreeHash]) -> TreeHash {
    match leaves {
        [] => TreeHash::of_nothing(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len() as u64) as usize);
            TreeHash::of_node(naive(left), naive(right))
        }
    }
}

struct Naive(Vec<TreeHash>);

impl HashReader for Naive {
    type Error = ();

    fn subtree(&self, height: u32, index: u64) -> Result<TreeHash, ()> {
        let start = (index << height) as usize;
        self.0.get(start..start + (1 << height)).map(naive).ok_or(())
    }
}

fn leaves(count: u64) -> Vec<TreeHash> {
    (0..count).map(|i| TreeHash::of_leaf(&i.to_le_bytes())).collect()
}

fn hex(hash: TreeHash) -> String {
    hash.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn roots_are_those_of_the_reference_tree() {
    let leaves: Vec<_> = ENTRIES.iter().map(|entry| TreeHash::of_leaf(entry)).collect();
    for (size, expected) in (1..).zip(ROOTS) {
        assert_eq!(hex(root(&Naive(leaves.clone()), size).unwrap()), expected);
        assert_eq!(hex(Peaks::of(&leaves[..size as usize]).root()), expected);
    }
    assert_eq!(
        hex(root(&Naive(Vec::new()), 0).unwrap()),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
}

#[test]
fn proofs_are_those_of_the_seven_leaf_example_in_rfc_9162_section_2_1_5() {
    let leaves = leaves(7);
    let tree = Naive(leaves.clone());
    let node = TreeHash::of_node;
    let (g, h, i) = (node(leaves[0], leaves[1]), node(leaves[2], leaves[3]), node(leaves[4], leaves[5]));
    let (k, j) = (node(g, h), leaves[6]);
    let l = node(i, j);
    assert_eq!(inclusion(&tree, 0, 7), Ok(vec![leaves[1], h, l]));
    assert_eq!(inclusion(&tree, 3, 7), Ok(vec![leaves[2], g, l]));
    assert_eq!(inclusion(&tree, 4, 7), Ok(vec![leaves[5], j, k]));
    assert_eq!(inclusion(&tree, 6, 7), Ok(vec![i, k]));
    assert_eq!(consistency(&tree, 3, 7), Ok(vec![leaves[2], leaves[3], g, l]));
    assert_eq!(consistency(&tree, 4, 7), Ok(vec![l]));
    assert_eq!(consistency(&tree, 6, 7), Ok(vec![i, j, k]));
}

proptest! {
    #[test]
    fn an_inclusion_proof_holds_for_its_leaf_and_for_no_other(size in 1u64..600, at in any::<u64>(), bit in 0usize..256) {
        let index = at % size;
        let tree = Naive(leaves(size));
        let (leaf, top) = (tree.0[index as usize], naive(&tree.0));
        let path = inclusion(&tree, index, size).unwrap();
        prop_assert!(verify_inclusion(leaf, index, size, &path, top));
        prop_assert!(!verify_inclusion(TreeHash::of_leaf(b"other"), index, size, &path, top));
        if size > 1 {
            prop_assert!(!verify_inclusion(leaf, (index + 1) % size, size, &path, top));
            prop_assert!(!verify_inclusion(leaf, index, size, &path[1..], top));
            let mut bent = path.clone();
            let mut bytes = *bent[0].as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            bent[0] = TreeHash::from_bytes(bytes);
            prop_assert!(!verify_inclusion(leaf, index, size, &bent, top));
        }
        let mut longer = path;
        longer.push(top);
        prop_assert!(!verify_inclusion(leaf, index, size, &longer, top));
    }

    #[test]
    fn a_consistency_proof_holds_for_its_prefix_and_for_no_other(new in 1u64..600, at in any::<u64>()) {
        let old = at % (new + 1);
        let tree = Naive(leaves(new));
        let (old_root, new_root) = (naive(&tree.0[..old as usize]), naive(&tree.0));
        let path = consistency(&tree, old, new).unwrap();
        prop_assert!(verify_consistency(old, old_root, new, new_root, &path));
        prop_assert!(!verify_consistency(old, TreeHash::of_leaf(b"other"), new, new_root, &path));
        if old > 0 {
            prop_assert!(!verify_consistency(old, old_root, new, TreeHash::of_leaf(b"other"), &path));
            let mut longer = path;
            longer.push(new_root);
            prop_assert!(!verify_consistency(old, old_root, new, new_root, &longer));
        }
    }

    #[test]
    fn checking_a_proof_that_somebody_made_up_never_panics(
        a in any::<u64>(), b in any::<u64>(), path in proptest::collection::vec(any::<[u8; 32]>(), 0..70),
    ) {
        let path: Vec<_> = path.into_iter().map(TreeHash::from_bytes).collect();
        let top = TreeHash::of_leaf(b"root");
        prop_assert!(!verify_inclusion(top, a, b, &path, top) || (a, b) == (0, 1));
        prop_assert!(!verify_consistency(a, top, b, top, &path) || a == b || a == 0);
    }
}
