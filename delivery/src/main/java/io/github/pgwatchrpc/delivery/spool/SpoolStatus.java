package io.github.pgwatchrpc.delivery.spool;

import org.jspecify.annotations.Nullable;

/**
 * How a spool is.
 *
 * @param bytes size of the log
 * @param maxBytes above which nothing is accepted
 * @param freeBytes what is free on the disk, when it was last looked at
 * @param minFreeBytes below which nothing is accepted
 * @param segments files of the log
 * @param waitingBytes what waits to be written
 * @param records records appended since the spool was made
 * @param rows rows in them
 * @param damagedPieces pieces of the log that were found damaged in this run
 * @param damagedBytes bytes in them
 * @param problem why the last rows were not stored; null if they were
 */
public record SpoolStatus(
        long bytes,
        long maxBytes,
        long freeBytes,
        long minFreeBytes,
        int segments,
        long waitingBytes,
        long records,
        long rows,
        long damagedPieces,
        long damagedBytes,
        @Nullable String problem) {}
