/* The floor: what the kernel alone takes to run a program in namespaces of its own.
 *
 *   floor ROOTFS PROGRAM [ARGUMENT...]
 *
 * One clone3 with every namespace, an identity user mapping, a private bind of ROOTFS, proc, a tmpfs on
 * /dev, pivot_root, exec. No cgroup, no seccomp, no overlay, no policy. A measuring tool: nothing of it
 * is shipped, and it confines nothing. ROOTFS must have the directories /proc and /dev.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static void check(int result, const char *step)
{
    if (result < 0) {
        perror(step);
        _exit(125);
    }
}

static void enter(const char *rootfs)
{
    check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "make / private");
    check(mount(rootfs, rootfs, NULL, MS_BIND, NULL), "bind the root filesystem");
    check(chdir(rootfs), "enter the root filesystem");
    check(mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "mount proc");
    check(mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755,size=64k"), "mount /dev");
    check(syscall(SYS_pivot_root, ".", "."), "pivot_root");
    check(umount2(".", MNT_DETACH), "let go of the old root");
    check(chdir("/"), "chdir");
}

static void map(pid_t child, const char *file)
{
    static const char identity[] = "0 0 4294967295";
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", child, file);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    check(fd, path);
    check(write(fd, identity, strlen(identity)), path);
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: floor ROOTFS PROGRAM [ARGUMENT...]\n");
        return 125;
    }
    int mapped[2];
    check(pipe2(mapped, O_CLOEXEC), "pipe");
    struct clone_args args = {
        .flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET |
                 CLONE_NEWCGROUP | CLONE_NEWTIME,
        .exit_signal = SIGCHLD,
    };
    pid_t child = syscall(SYS_clone3, &args, sizeof args);
    check(child, "clone3");
    if (child == 0) {
        char go;
        close(mapped[1]);
        check(read(mapped[0], &go, 1) == 1 ? 0 : -1, "wait for the user mapping");
        enter(argv[1]);
        execv(argv[2], argv + 2);
        check(-1, argv[2]);
    }
    map(child, "uid_map");
    map(child, "gid_map");
    check(write(mapped[1], "x", 1), "release the child");
    int status;
    check(waitpid(child, &status, 0), "wait");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
