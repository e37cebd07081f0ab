package io.github.pgwatchrpc.sink.pubsub;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the options say.
 *
 * @param project the project's id
 * @param topic the topic's name within the project
 * @param form what a message holds
 * @param orderingKey what messages are ordered by
 * @param compression what is compressed
 * @param tagAttributes tags that become attributes
 * @param schema name of the topic's schema within the project; null for none
 * @param batchMessages most messages of a request
 * @param batchBytes bytes of a request, and of the JSON of an envelope's message, unless a single row has more
 * @param inFlight most requests of one write that wait for their answers
 * @param endpoint host and port of the service; null for Google's own choice
 * @param emulator host and port of an emulator, spoken to in the clear and without credentials; null for the service
 * @param credentials file with credentials; null to look for some where Google's client does
 * @param timeout how long an answer may take
 */
record PubSubSettings(
        String project,
        String topic,
        Form form,
        OrderingKey orderingKey,
        Compression compression,
        List<String> tagAttributes,
        @Nullable String schema,
        int batchMessages,
        int batchBytes,
        int inFlight,
        @Nullable String endpoint,
        @Nullable String emulator,
        @Nullable String credentials,
        Duration timeout) {

    /** What a message holds. */
    enum Form {
        ROW,
        ENVELOPE;

        /** The Avro schema of such messages, if {@code fields} is text. */
        String schemaFile() {
            return this == ROW ? "row.avsc" : "envelope.avsc";
        }
    }

    /** What messages are ordered by. */
    enum OrderingKey {
        NONE,
        DATABASE,
        METRIC
    }

    /** What is compressed. */
    enum Compression {
        NONE,
        /** The request, on its way; subscribers see nothing of it. */
        TRANSPORT,
        /** The message itself, for subscribers to decompress. */
        MESSAGE
    }

    /** As Google names it. */
    String topicPath() {
        return "projects/" + project + "/topics/" + topic;
    }

    /** As Google names it; empty if there is none. */
    String schemaPath() {
        return schema == null ? "" : "projects/" + project + "/schemas/" + schema;
    }
}
