//! The calls of i386 that programs may also make through `socketcall` and `ipc`, whose first argument says
//! which one is meant (the kernel's linux/net.h and linux/ipc.h).

use model::spec::{SeccompArg, SeccompOp};

use super::super::architecture::Multiplexed;

/// `socketcall` takes its first argument as it is.
const fn socketcall(name: &'static str, number: u64) -> Multiplexed {
    let exactly = first_is(u64::MAX, number);
    Multiplexed { name, through: "socketcall", exactly, taken_for: exactly }
}

/// The upper half of the first argument of `ipc` is a version.
const fn ipc(name: &'static str, number: u64) -> Multiplexed {
    let (exactly, taken_for) = (first_is(u64::MAX, number), first_is(0xffff, number));
    Multiplexed { name, through: "ipc", exactly, taken_for }
}

const fn first_is(mask: u64, number: u64) -> SeccompArg {
    SeccompArg { index: 0, value: mask, value_two: number, op: SeccompOp::MaskedEqual }
}

/// Sorted by name.
pub(super) const TABLE: &[Multiplexed] = &[
    socketcall("accept", 5),
    socketcall("accept4", 18),
    socketcall("bind", 2),
    socketcall("connect", 3),
    socketcall("getpeername", 7),
    socketcall("getsockname", 6),
    socketcall("getsockopt", 15),
    socketcall("listen", 4),
    ipc("msgctl", 14),
    ipc("msgget", 13),
    ipc("msgrcv", 12),
    ipc("msgsnd", 11),
    socketcall("recv", 10),
    socketcall("recvfrom", 12),
    socketcall("recvmmsg", 19),
    socketcall("recvmsg", 17),
    ipc("semctl", 3),
    ipc("semget", 2),
    ipc("semop", 1),
    ipc("semtimedop", 4),
    socketcall("send", 9),
    socketcall("sendmmsg", 20),
    socketcall("sendmsg", 16),
    socketcall("sendto", 11),
    socketcall("setsockopt", 14),
    ipc("shmat", 21),
    ipc("shmctl", 24),
    ipc("shmdt", 22),
    ipc("shmget", 23),
    socketcall("shutdown", 13),
    socketcall("socket", 1),
    socketcall("socketpair", 8),
];
