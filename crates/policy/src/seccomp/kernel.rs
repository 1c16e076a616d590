//! Clocks, System V and POSIX IPC, and what the kernel tells about itself.

use super::{Group, allow};

/// Clocks and timers.
pub(super) const TIME: Group = Group {
    purpose: "ask for the time, sleep and set timers",
    lines: &[
        allow("adjtimex", "programs ask whether the clock is synchronised; changing it takes a capability"),
        allow("clock_adjtime", "the same, for one clock"),
        allow("clock_getres", "runtimes ask how fine a clock is"),
        allow("clock_gettime", "every program asks for the time"),
        allow("clock_nanosleep", "programs sleep"),
        allow("getitimer", "old programs ask for their timer"),
        allow("gettimeofday", "programs ask for the time"),
        allow("nanosleep", "programs sleep"),
        allow("setitimer", "old programs set a timer"),
        allow("time", "old programs ask for the time"),
        allow("timer_create", "programs set timers"),
        allow("timer_delete", "programs end timers"),
        allow("timer_getoverrun", "programs count missed timers"),
        allow("timer_gettime", "programs ask for a timer"),
        allow("timer_settime", "programs set timers"),
        allow("timerfd_create", "event loops set timers"),
        allow("timerfd_gettime", "event loops ask for a timer"),
        allow("timerfd_settime", "event loops set timers"),
    ],
};

/// Queues, semaphores and shared memory.
pub(super) const SYSTEM_V: Group = Group {
    purpose: "message queues, semaphores and shared memory of the container's own",
    lines: &[
        allow("mq_getsetattr", "programs ask for the size of a queue"),
        allow("mq_notify", "programs are told of a message"),
        allow("mq_open", "programs open POSIX queues"),
        allow("mq_timedreceive", "programs receive from POSIX queues"),
        allow("mq_timedsend", "programs send to POSIX queues"),
        allow("mq_unlink", "programs remove POSIX queues"),
        allow("msgctl", "old programs manage queues"),
        allow("msgget", "old programs open queues"),
        allow("msgrcv", "old programs receive from queues"),
        allow("msgsnd", "old programs send to queues"),
        allow("semctl", "databases manage semaphores"),
        allow("semget", "databases open semaphores"),
        allow("semop", "databases use semaphores"),
        allow("semtimedop", "databases use semaphores"),
        allow("shmat", "databases attach shared memory"),
        allow("shmctl", "databases manage shared memory"),
        allow("shmdt", "databases detach shared memory"),
        allow("shmget", "databases open shared memory"),
    ],
};

/// What the kernel tells.
pub(super) const INFORMATION: Group = Group {
    purpose: "ask the kernel about itself and for random numbers",
    lines: &[
        allow("getrandom", "every program that makes keys"),
        allow("riscv_flush_icache", "just-in-time compilers on RISC-V"),
        allow("riscv_hwprobe", "libc asks what the CPU can do, on RISC-V"),
        allow("sysinfo", "programs ask for the uptime and memory"),
        allow("uname", "programs ask for the kernel's version"),
    ],
};

/// Programs that confine themselves further.
pub(super) const SANDBOXES: Group = Group {
    purpose: "confine oneself further",
    lines: &[
        allow("landlock_add_rule", "programs confine themselves"),
        allow("landlock_create_ruleset", "programs confine themselves"),
        allow("landlock_restrict_self", "programs confine themselves"),
        allow("seccomp", "programs confine themselves"),
    ],
};
