package io.github.pgwatchrpc.sink.cloudwatch;

/**
 * A log event.
 *
 * @param row the number of its row
 * @param millis its time, milliseconds since 1970
 * @param message its text
 * @param bytes what it counts against a call's limit
 */
record LogEvent(int row, long millis, String message, int bytes) {}
