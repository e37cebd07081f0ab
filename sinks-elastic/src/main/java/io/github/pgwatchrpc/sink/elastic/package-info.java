/**
 * Writes measurements to Elasticsearch: one data stream a metric, or indices named by a pattern. This room depends on the
 * sinks' contract and their HTTP transport; nothing calls it but the service loader.
 *
 * <p>Begin with {@link io.github.pgwatchrpc.sink.elastic.ElasticSink}. Rows take the short way: {@code BulkBody} writes
 * them as bytes, {@code BulkReply} reads what became of each. Elastic's own client is used for what has many shapes and
 * happens seldom, the index templates ({@code Templates}); its classes are not loaded for anything else.
 */
@NullMarked
package io.github.pgwatchrpc.sink.elastic;

import org.jspecify.annotations.NullMarked;
