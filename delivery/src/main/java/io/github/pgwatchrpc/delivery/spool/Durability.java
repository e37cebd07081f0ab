package io.github.pgwatchrpc.delivery.spool;

/** What is true of rows when their call is answered with success. */
public enum Durability {
    /** They are on the disk: they survive a power cut. */
    FSYNC,
    /** The operating system has them: they survive the death of this process. A power cut may cost the last second. */
    FLUSH
}
