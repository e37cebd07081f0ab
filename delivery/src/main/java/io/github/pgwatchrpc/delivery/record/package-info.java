/**
 * Files of records: a header, then one record behind the other, each with checksums of its own, so that a reader can tell
 * what is whole and find its way again behind what is not. The spool's log and the dead letters are such files; their
 * layout stands in {@link io.github.pgwatchrpc.delivery.record.FileHeader} and {@link
 * io.github.pgwatchrpc.delivery.record.RecordWriter}. This room knows the disk and nothing of what the records mean.
 */
@NullMarked
package io.github.pgwatchrpc.delivery.record;

import org.jspecify.annotations.NullMarked;
