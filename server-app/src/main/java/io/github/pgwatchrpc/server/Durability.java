package io.github.pgwatchrpc.server;

/** What is true of rows when their call is answered with success. */
enum Durability {
    /** They are on the disk: they survive a crash of the machine. */
    FSYNC,
    /** The operating system has them: they survive a crash of this program. */
    FLUSH
}
