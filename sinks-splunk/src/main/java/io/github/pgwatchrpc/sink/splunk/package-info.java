/**
 * Splunk's HTTP Event Collector (HEC): each row becomes an event, or a metric event with all numbers of the row. {@link
 * io.github.pgwatchrpc.sink.splunk.SplunkSinkProvider} reads the options; {@code RowWriter} knows what a row looks like in
 * Splunk, {@code HecReply} what each of HEC's codes means, {@code Submission} takes one batch there, {@code Acks} waits for
 * the indexer. It depends on the sinks' contract and their HTTP transport; the delivery calls it.
 */
@NullMarked
package io.github.pgwatchrpc.sink.splunk;

import org.jspecify.annotations.NullMarked;
