package io.github.pgwatchrpc.sink.azure;

import io.github.pgwatchrpc.sink.http.HttpTls;
import java.time.Duration;

/**
 * What the options say.
 *
 * @param endpoint the data collection endpoint, {@code https://HOST} or {@code https://HOST:PORT}
 * @param rule the immutable id of the data collection rule
 * @param stream the stream of that rule
 * @param columns what gets a column of its own
 * @param chunkBytes how many bytes of JSON a request has at most, unless a single row is longer
 * @param identity who the sink is
 * @param audience what tokens are for
 * @param tls whom to trust
 * @param timeout how long a request may take
 */
record AzureSettings(
        String endpoint,
        String rule,
        String stream,
        Columns columns,
        int chunkBytes,
        Identity identity,
        String audience,
        HttpTls tls,
        Duration timeout) {}
