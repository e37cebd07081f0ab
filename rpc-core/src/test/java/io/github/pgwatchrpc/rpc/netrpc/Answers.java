package io.github.pgwatchrpc.rpc.netrpc;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Reads a server's half of a connection, sharing nothing with the code under test. */
public final class Answers {

    /** An answer: {@code reply} is the message behind the header, without the number of its type. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Answer(String method, long seq, String error, int replyType, byte[] reply) {

        /** A text reply. */
        public String text() {
            ByteBuffer in = ByteBuffer.wrap(reply);
            if (replyType != 6 || in.get() != 0) {
                throw new AssertionError("no text but type " + replyType);
            }
            return string(in);
        }

        @Override
        public String toString() {
            return method + " " + seq + " "
                    + (error.isEmpty() ? "ok " + (replyType == 6 ? text() : "type " + replyType) : "error " + error);
        }
    }

    private Answers() {}

    /** Of a stream that may end anywhere: what is there in full. */
    public static List<Answer> readWhole(byte[] stream) {
        List<byte[]> messages = Streams.wholeMessages(stream);
        for (int count = messages.size(); ; count--) {
            // a header at the end is still to get its body
            List<byte[]> some = messages.subList(0, count);
            try {
                return read(Streams.stream(some));
            } catch (MissingBody e) {
                // one less
            }
        }
    }

    private static final class MissingBody extends AssertionError {
        private static final long serialVersionUID = 1;

        MissingBody() {
            super("a header without a body");
        }
    }

    public static List<Answer> read(byte[] stream) {
        List<Answer> answers = new ArrayList<>();
        ByteBuffer header = null;
        int headerType = 0;
        for (byte[] message : Streams.messages(stream)) {
            ByteBuffer in = ByteBuffer.wrap(message);
            long type = integer(in);
            if (type < 0) {
                headerType = headerType == 0 ? (int) -type : headerType;
            } else if (header == null) {
                if (type != headerType) {
                    throw new AssertionError("type " + type + " for a header of type " + headerType);
                }
                header = in;
            } else {
                answers.add(answer(header, (int) type, in));
                header = null;
            }
        }
        if (header != null) {
            throw new MissingBody();
        }
        return answers;
    }

    private static Answer answer(ByteBuffer header, int type, ByteBuffer reply) {
        String method = "";
        long seq = 0;
        String error = "";
        int field = -1;
        for (long delta = uint(header); delta != 0; delta = uint(header)) {
            field += (int) delta;
            switch (field) {
                case 0 -> method = string(header);
                case 1 -> seq = uint(header);
                case 2 -> error = string(header);
                default -> throw new AssertionError("field " + field);
            }
        }
        if (header.hasRemaining()) {
            throw new AssertionError("bytes behind a header");
        }
        byte[] rest = new byte[reply.remaining()];
        reply.get(rest);
        return new Answer(method, seq, error, type, rest);
    }

    static long uint(ByteBuffer in) {
        int first = in.get();
        if (first >= 0) {
            return first;
        }
        long value = 0;
        for (int i = 0; i < -first; i++) {
            value = (value << 8) | (in.get() & 0xff);
        }
        return value;
    }

    static long integer(ByteBuffer in) {
        long bits = uint(in);
        return (bits & 1) == 1 ? ~(bits >>> 1) : bits >>> 1;
    }

    static String string(ByteBuffer in) {
        byte[] bytes = new byte[(int) uint(in)];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
