//! Processes, their ids, signals and scheduling.

use super::{Group, allow};

/// Beginning, ending and waiting.
pub(super) const LIFE: Group = Group {
    purpose: "start, end and wait for processes and threads",
    lines: &[
        allow("arch_prctl", "libc sets the thread pointer"),
        allow("execve", "shells start programs; where from is decided by the exec islands"),
        allow("execveat", "the same, by descriptor"),
        allow("exit", "threads end"),
        allow("exit_group", "processes end"),
        allow("fork", "old programs start processes"),
        allow("futex", "threads wait for each other"),
        allow("futex_requeue", "threads wait for each other"),
        allow("futex_wait", "threads wait for each other"),
        allow("futex_waitv", "threads wait for one of several"),
        allow("futex_wake", "threads wake each other"),
        allow("get_robust_list", "libc looks up locks of dead threads"),
        allow("get_thread_area", "old thread pointers"),
        allow("pidfd_open", "service managers hold on to a process"),
        allow("pidfd_send_signal", "service managers signal the right process"),
        allow("prctl", "processes name themselves and give up rights"),
        allow("restart_syscall", "the kernel resumes an interrupted sleep"),
        allow("rseq", "allocators keep data for each CPU"),
        allow("set_robust_list", "libc registers locks of threads"),
        allow("set_thread_area", "old thread pointers"),
        allow("set_tid_address", "libc notices when a thread ends"),
        allow("uprobe", "the kernel's own way back from a probe that the host set"),
        allow("uretprobe", "the kernel's own way back from a probe that the host set"),
        allow("vfork", "shells start programs"),
        allow("wait4", "parents wait for children"),
        allow("waitid", "parents wait for children"),
    ],
};

/// Who a process is.
pub(super) const IDENTITY: Group = Group {
    purpose: "ask for and give up ids, groups and capabilities",
    lines: &[
        allow("capget", "programs ask what they may do"),
        allow("capset", "programs give up capabilities"),
        allow("getegid", "programs ask who they are"),
        allow("geteuid", "programs ask who they are"),
        allow("getgid", "programs ask who they are"),
        allow("getgroups", "programs ask for their groups"),
        allow("getpgid", "shells ask for process groups"),
        allow("getpgrp", "shells ask for process groups"),
        allow("getpid", "programs ask who they are"),
        allow("getppid", "programs ask for their parent"),
        allow("getresgid", "programs ask who they are"),
        allow("getresuid", "programs ask who they are"),
        allow("getsid", "shells ask for sessions"),
        allow("gettid", "threads ask who they are"),
        allow("getuid", "programs ask who they are"),
        allow("setfsgid", "file servers act for their clients"),
        allow("setfsuid", "file servers act for their clients"),
        allow("setgid", "entrypoints drop root"),
        allow("setgroups", "entrypoints drop root's groups"),
        allow("setpgid", "shells manage jobs"),
        allow("setregid", "entrypoints drop root"),
        allow("setresgid", "entrypoints drop root"),
        allow("setresuid", "entrypoints drop root"),
        allow("setreuid", "entrypoints drop root"),
        allow("setsid", "daemons leave their session"),
        allow("setuid", "entrypoints drop root"),
    ],
};

/// Signals.
pub(super) const SIGNALS: Group = Group {
    purpose: "send, block and handle signals",
    lines: &[
        allow("alarm", "programs limit how long they wait"),
        allow("kill", "service managers stop their workers"),
        allow("pause", "programs wait for a signal"),
        allow("rt_sigaction", "programs handle signals"),
        allow("rt_sigpending", "programs ask which signals wait"),
        allow("rt_sigprocmask", "programs block signals"),
        allow("rt_sigqueueinfo", "programs send signals with a value"),
        allow("rt_sigreturn", "every signal handler ends with it"),
        allow("rt_sigsuspend", "shells wait for a signal"),
        allow("rt_sigtimedwait", "programs wait for a signal"),
        allow("rt_tgsigqueueinfo", "runtimes send signals to threads"),
        allow("sigaltstack", "runtimes handle stack overflows"),
        allow("tgkill", "raise and abort signal a thread"),
        allow("tkill", "old libc signals a thread"),
    ],
};

/// Time on a CPU.
pub(super) const SCHEDULING: Group = Group {
    purpose: "ask for and set priorities, limits and CPUs",
    lines: &[
        allow("getcpu", "allocators keep data for each CPU"),
        allow("getpriority", "programs ask how nice they are"),
        allow("getrlimit", "programs ask for their limits"),
        allow("getrusage", "programs measure themselves"),
        allow("ioprio_get", "databases ask for their I/O priority"),
        allow("ioprio_set", "databases lower their I/O priority"),
        allow("prlimit64", "programs ask for and lower their limits"),
        allow("sched_get_priority_max", "runtimes ask for the range of priorities"),
        allow("sched_get_priority_min", "runtimes ask for the range of priorities"),
        allow("sched_getaffinity", "runtimes count their CPUs"),
        allow("sched_getattr", "runtimes ask how they are scheduled"),
        allow("sched_getparam", "runtimes ask how they are scheduled"),
        allow("sched_getscheduler", "runtimes ask how they are scheduled"),
        allow("sched_rr_get_interval", "runtimes ask for their time slice"),
        allow("sched_setaffinity", "web servers pin their workers"),
        allow("sched_setattr", "runtimes lower the priority of threads"),
        allow("sched_setparam", "runtimes lower the priority of threads"),
        allow("sched_setscheduler", "runtimes lower the priority of threads"),
        allow("sched_yield", "threads let others run"),
        allow("setpriority", "programs lower their priority"),
        allow("setrlimit", "programs lower their limits"),
        allow("times", "shells measure their children"),
    ],
};
