package io.github.pgwatchrpc.delivery.worker;

/**
 * Where all rows are that a sink was to get: {@code received = delivered + waiting + dead + dropped + lost}, exactly, at
 * any moment and over any crash.
 *
 * @param received rows accepted since the sink was added
 * @param delivered rows that the sink has written
 * @param waiting rows in the spool or queued from the dead letters
 * @param dead rows that lie in the dead letters
 * @param dropped dead letters that were dropped by order
 * @param lost rows that can be read no more, because their place on disk is damaged or a power cut took them
 * @param recordsReceived records (envelopes and events) accepted since the sink was added
 * @param recordsWaiting records of which not all is done
 */
public record Account(
        long received,
        long delivered,
        long waiting,
        long dead,
        long dropped,
        long lost,
        long recordsReceived,
        long recordsWaiting) {}
