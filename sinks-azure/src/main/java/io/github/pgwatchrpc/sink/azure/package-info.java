/**
 * Writes measurements to Azure Monitor Logs: rows of one custom table, through the Logs Ingestion API. This room depends on
 * the sinks' contract and Azure's clients; nothing calls it but the service loader.
 *
 * <p>Begin with {@link io.github.pgwatchrpc.sink.azure.AzureSink}. {@code ChunkWriter} cuts batches into requests and puts
 * together what became of each; {@code RowJson} writes rows; {@code Ingestion} is the one class that knows Azure's clients,
 * with {@code Identity} for who we are, so that none of their classes is loaded before such a sink is opened. {@code
 * Answers} says what a request's answer means, {@code Definitions} which table and rule the rows need.
 */
@NullMarked
package io.github.pgwatchrpc.sink.azure;

import org.jspecify.annotations.NullMarked;
