/* peak PROGRAM [ARGUMENT...]: runs the program and prints, in kB on standard error, the most memory that it
 * itself ever had (VmHWM of proc(5)). The sum that wait4(2) gives also counts whoever the program has waited
 * for, and what its parent had before the exec; so the program is traced up to its exit and asked there. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static void report(pid_t pid)
{
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *status = fopen(path, "r");
    while (status && fgets(line, sizeof line, status))
        if (!strncmp(line, "VmHWM:", 6)) fprintf(stderr, "peak %s", line + 6);
    if (status) fclose(status);
}

int main(int argc, char **argv)
{
    if (argc < 2) return 125;
    pid_t pid = fork();
    if (pid == 0) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0) _exit(125);
        raise(SIGSTOP);
        execv(argv[1], argv + 1);
        _exit(127);
    }
    int status;
    if (waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status)) return 125;
    ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXIT | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
    ptrace(PTRACE_CONT, pid, 0, 0);
    while (waitpid(pid, &status, 0) == pid) {
        if (WIFEXITED(status)) return WEXITSTATUS(status);
        if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
        int event = status >> 16, number = event ? 0 : WSTOPSIG(status);
        if (event == PTRACE_EVENT_EXIT) report(pid);
        ptrace(PTRACE_CONT, pid, 0, number);
    }
    return 125;
}
