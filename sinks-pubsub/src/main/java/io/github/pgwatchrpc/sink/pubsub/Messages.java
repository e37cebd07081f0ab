package io.github.pgwatchrpc.sink.pubsub;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.pubsub.v1.PublishRequest;
import com.google.pubsub.v1.PubsubMessage;
import io.github.pgwatchrpc.measurement.JsonWriter;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/**
 * Makes requests of batches: each within the service's limits and of one ordering key, as the <a
 * href="https://cloud.google.com/pubsub/docs/reference/rpc/google.pubsub.v1#pubsubmessage">service wants it</a>. Meant to
 * be kept and used again; not thread-safe.
 */
final class Messages {

    /** {@code PublishRequest.topic} and {@code PublishRequest.messages}. */
    private static final int TOPIC_FIELD = PublishRequest.TOPIC_FIELD_NUMBER;

    private static final int MESSAGES_FIELD = PublishRequest.MESSAGES_FIELD_NUMBER;

    private static final byte[] ROWS = bytes(",\"rows\":[");
    private static final byte[] COMMA = bytes(",");
    private static final byte[] END = bytes("]}");

    private final PubSubSettings settings;
    private final boolean byRow;
    private final int emptyRequestBytes;
    private final RowJson rowJson;
    private final JsonWriter json = new JsonWriter();

    Messages(PubSubSettings settings) {
        this.settings = settings;
        byRow = settings.form() == PubSubSettings.Form.ROW;
        rowJson = new RowJson(settings.schema() != null);
        emptyRequestBytes = CodedOutputStream.computeStringSize(TOPIC_FIELD, settings.topicPath());
    }

    /**
     * What a batch has become.
     *
     * @param lanes requests; those of one lane must be sent one after the other
     * @param refused rows that no request can hold
     */
    record Requests(List<Deque<Chunk>> lanes, List<Outcome.RefusedRow> refused) {}

    /**
     * Makes requests of rows.
     *
     * @param batch the batch
     * @param rows numbers of the rows, ascending
     */
    Requests of(Batch batch, int[] rows) {
        boolean all = rows.length == batch.size();
        Batch part = all ? batch : batch.select(Arrays.stream(rows).boxed().toList());
        Building building = new Building(rows);
        int done = 0;
        for (Batch.Slice slice : part.slices()) {
            if (byRow) {
                rowMessages(slice, part.origin(), done, building);
            } else {
                envelopeMessages(slice, part.origin(), done, building);
            }
            done += slice.size();
        }
        return building.end();
    }

    private void rowMessages(Batch.Slice slice, String origin, int done, Building building) {
        MeasurementEnvelope envelope = slice.envelope();
        rowJson.begin(envelope, true);
        PubsubMessage common = common(envelope);
        for (int number = slice.from(); number < slice.to(); number++) {
            Measurement row = envelope.get(number);
            String id = id(origin, slice, number);
            rowJson.write(row, id, json.clear());
            PubsubMessage.Builder message = common.toBuilder();
            if (!settings.tagAttributes().isEmpty()) {
                Map<String, String> tags = row.tags();
                settings.tagAttributes().forEach(name -> put(message, name, tags.getOrDefault(name, "")));
            }
            int at = done + number - slice.from();
            building.add(finish(message, id), at, at + 1);
        }
    }

    private void envelopeMessages(Batch.Slice slice, String origin, int done, Building building) {
        MeasurementEnvelope envelope = slice.envelope();
        rowJson.begin(envelope, false);
        PubsubMessage common = common(envelope);
        json.clear().raw("{").name("database").text(envelope.database());
        json.raw(COMMA).name("metric").text(envelope.metric()).raw(ROWS);
        byte[] head = Arrays.copyOf(json.buffer(), json.length());
        json.clear();
        int first = slice.from();
        for (int number = slice.from(); number < slice.to(); number++) {
            int before = json.length();
            json.raw(number == first ? head : COMMA);
            rowJson.write(envelope.get(number), id(origin, slice, number), json);
            if (json.length() > settings.batchBytes() && number > first) {
                json.truncate(before);
                envelopeMessage(common, slice, origin, first, number, done, building);
                first = number;
                json.clear().raw(head);
                rowJson.write(envelope.get(number), id(origin, slice, number), json);
            }
        }
        envelopeMessage(common, slice, origin, first, slice.to(), done, building);
    }

    private void envelopeMessage(
            PubsubMessage common, Batch.Slice slice, String origin, int from, int to, int done, Building building) {
        json.raw(END);
        int last = slice.offset() + to - 1;
        PubsubMessage message = finish(common.toBuilder(), id(origin, slice, from) + ".." + last);
        building.add(message, done + from - slice.from(), done + to - slice.from());
    }

    /** As {@link Batch#id} joins it. */
    private static String id(String origin, Batch.Slice slice, int number) {
        return origin + '-' + slice.position() + '-' + (slice.offset() + number);
    }

    // ---- one message ----

    /** What all messages of an envelope have. */
    private PubsubMessage common(MeasurementEnvelope envelope) {
        PubsubMessage.Builder message = PubsubMessage.newBuilder();
        put(message, ServiceLimits.DATABASE, envelope.database());
        put(message, ServiceLimits.METRIC, envelope.metric());
        put(message, ServiceLimits.CONTENT_TYPE, "application/json");
        if (settings.compression() == PubSubSettings.Compression.MESSAGE) {
            put(message, ServiceLimits.CONTENT_ENCODING, "gzip");
        }
        switch (settings.orderingKey()) {
            case NONE -> {}
            case DATABASE -> message.setOrderingKey(orderingKey(envelope.database()));
            case METRIC -> message.setOrderingKey(orderingKey(envelope.database() + '/' + envelope.metric()));
        }
        return message.build();
    }

    /** Adds an attribute; one that has no value or is too long stands in the message alone, where it is whole. */
    private static void put(PubsubMessage.Builder message, String name, String value) {
        if (!value.isEmpty() && utf8Length(value) <= ServiceLimits.MAX_VALUE_BYTES) {
            message.putAttributes(name, value);
        }
    }

    /** A key is for telling rows apart, so a long one may be a hash; an empty one would be none. */
    private static String orderingKey(String name) {
        if (name.isEmpty()) {
            return "/";
        } else if (utf8Length(name) <= ServiceLimits.MAX_ORDERING_KEY_BYTES) {
            return name;
        }
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes(name));
            return "sha256:" + HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static int utf8Length(String text) {
        // three bytes a character at most
        return text.length() <= ServiceLimits.MAX_VALUE_BYTES / 3 ? text.length() : bytes(text).length;
    }

    private PubsubMessage finish(PubsubMessage.Builder message, String id) {
        put(message, ServiceLimits.ID, id);
        boolean gzip = settings.compression() == PubSubSettings.Compression.MESSAGE;
        return message.setData(gzip ? gzipped() : ByteString.copyFrom(json.buffer(), 0, json.length()))
                .build();
    }

    private ByteString gzipped() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(json.length() / 4 + 64);
        try (GZIPOutputStream out = new GZIPOutputStream(bytes, 8 << 10)) {
            out.write(json.buffer(), 0, json.length());
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail so
        }
        return ByteString.copyFrom(bytes.toByteArray());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    // ---- requests ----

    /** The requests that are being put together. */
    private final class Building {
        private final int[] numbers;
        private final Map<String, Request> byKey = new LinkedHashMap<>();
        private final List<Deque<Chunk>> lanes = new ArrayList<>();
        private final List<Outcome.RefusedRow> refused = new ArrayList<>();

        Building(int[] numbers) {
            this.numbers = numbers;
        }

        /** Adds a message of the rows from and to before the given places. */
        void add(PubsubMessage message, int from, int to) {
            int bytes = CodedOutputStream.computeMessageSize(MESSAGES_FIELD, message);
            if (emptyRequestBytes + bytes > ServiceLimits.MAX_REQUEST_BYTES) {
                for (int at = from; at < to; at++) {
                    refused.add(new Outcome.RefusedRow(
                            numbers[at],
                            "message: " + (emptyRequestBytes + bytes) + " bytes with the topic's name (expected: <= "
                                    + ServiceLimits.MAX_REQUEST_BYTES + ", what the service takes)"));
                }
                return;
            }
            Request request = byKey.computeIfAbsent(message.getOrderingKey(), key -> new Request());
            if (request.count == settings.batchMessages()
                    || (request.count > 0 && request.bytes + bytes > settings.batchBytes())) {
                request.flush();
            }
            request.add(message, bytes, from, to);
        }

        Requests end() {
            byKey.values().forEach(Request::flush);
            return new Requests(lanes, refused);
        }

        /** The last request of an ordering key. */
        private final class Request {
            private final PublishRequest.Builder builder =
                    PublishRequest.newBuilder().setTopic(settings.topicPath());
            private int[] rows = new int[16];
            private int rowCount;
            private int count;
            private int bytes = emptyRequestBytes;
            private Deque<Chunk> lane = new ArrayDeque<>();

            void add(PubsubMessage message, int size, int from, int to) {
                builder.addMessages(message);
                count++;
                bytes += size;
                if (rows.length < rowCount + to - from) {
                    rows = Arrays.copyOf(rows, Math.max(2 * rows.length, rowCount + to - from));
                }
                System.arraycopy(numbers, from, rows, rowCount, to - from);
                rowCount += to - from;
            }

            void flush() {
                if (lane.isEmpty() || settings.orderingKey() == PubSubSettings.OrderingKey.NONE) {
                    lane = new ArrayDeque<>();
                    lanes.add(lane);
                }
                lane.add(new Chunk(builder.build(), Arrays.copyOf(rows, rowCount)));
                builder.clearMessages();
                count = 0;
                rowCount = 0;
                bytes = emptyRequestBytes;
            }
        }
    }
}
