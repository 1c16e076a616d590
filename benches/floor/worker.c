/* What the containers of `cargo xtask bench life` run: waits for SIGTERM, or prints so many lines of
 * 100 bytes and then waits. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void leave(int number) {
    (void)number;
    _exit(0);
}

int main(int argc, char **argv) {
    static char block[100 * 640];
    signal(SIGTERM, leave);
    for (size_t at = 0; at < sizeof block; at += 100) {
        memset(block + at, 'a' + (int)(at / 100 % 26), 99);
        block[at + 99] = '\n';
    }
    for (long lines = argc > 1 ? atol(argv[1]) : 0; lines > 0;) {
        long now = lines < 640 ? lines : 640;
        for (long done = 0; done < now * 100;) {
            ssize_t written = write(1, block + done, now * 100 - done);
            if (written < 0) return 1;
            done += written;
        }
        lines -= now;
    }
    for (;;) pause();
}
