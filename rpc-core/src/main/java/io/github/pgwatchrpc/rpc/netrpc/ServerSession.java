package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcObserver;
import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.gob.GobIncompleteException;
import io.github.pgwatchrpc.rpc.gob.GobLimits;
import io.github.pgwatchrpc.rpc.gob.GobReader;
import io.github.pgwatchrpc.rpc.gob.GobSkipper;
import io.github.pgwatchrpc.rpc.gob.GobType;
import io.github.pgwatchrpc.rpc.gob.GobTypes;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes calls of the gob messages of one connection: a header, {@code Request{ServiceMethod string, Seq uint64}}, then the
 * argument, then the next header. It survives everything that leaves the borders of the messages intact; what it throws
 * has broken the stream.
 *
 * <p><b>Header without body.</b> When Go's client cannot encode an argument, its header has already been sent (net/rpc's
 * client.go writes both into one buffer and does not take the header back). Where the argument should be, the next header
 * follows. It is told by its type, the headers' own: the orphan is dropped without an answer, since its call has failed at
 * the client already.
 *
 * <p>Not thread-safe: one event loop.
 */
final class ServerSession implements MessageFraming.Listener {

    /** Where calls and refusals go. */
    interface Calls {

        /** Makes a call whose argument has been decoded. */
        <A, R> void call(MethodTable.Entry<A, R> method, long seq, A argument, int bytes) throws RpcException;

        /** Answers without a call. */
        void refuse(byte[] method, long seq, RpcObserver.Refusal refusal, String reason);

        void headerWithoutBody(String method);

        void badTypeDefinition(String reason);
    }

    /** Where methods are looked up. */
    @FunctionalInterface
    interface Methods {

        MethodTable.@Nullable Entry<?, ?> find(String name);

        /** Why {@link #find} found nothing, in the words that cross the wire. */
        default String whyNot(String name) {
            return "rpc: can't find method " + name;
        }
    }

    private enum State {
        HEADER,
        ARGUMENT
    }

    private static final byte[] NOTHING = {};

    private final Methods methods;
    private final Calls calls;
    private final BufferBudget budget;
    private final int messageBytes;
    private final GobTypes types;
    private final GobReader reader;
    private final Map<MethodTable.Entry<?, ?>, ArgumentDecoder<?>> decoders = new HashMap<>(4);

    private State state = State.HEADER;

    /** The headers' type and what its fields are; it comes once and stays. */
    private int headerType = -1;

    private int[] headerFields = {};

    private byte[] method = NOTHING;
    private long seq;
    private MethodTable.@Nullable Entry<?, ?> entry;

    /** The messages so far of a value that goes on in the next one. */
    private byte[] partial = NOTHING;

    private int[] partialLengths = {};

    /** Bytes that were read for it, each time from its beginning: a bound on the work that it can make. */
    private long readAgain;

    ServerSession(Methods methods, GobLimits limits, BufferBudget budget, Calls calls) {
        this.methods = methods;
        this.calls = calls;
        this.budget = budget;
        this.messageBytes = limits.messageBytes();
        this.types = new GobTypes(limits);
        this.reader = new GobReader(limits);
    }

    /** Whether a call has begun and its argument has not come. */
    boolean isInCall() {
        return state == State.ARGUMENT;
    }

    @Override
    public void message(byte[] bytes, int offset, int length) throws GobException {
        if (length == 0) {
            return;
        }
        if (partialLengths.length > 0) {
            addToPartial(bytes, offset, length);
            value(partial, 0, length);
            return;
        }
        reader.reset(bytes, offset, length);
        long first = reader.readInt();
        reader.reset(bytes, offset, length);
        if (first < 0) {
            typeDefinition();
        } else {
            value(bytes, offset, length);
        }
    }

    private void typeDefinition() {
        try {
            types.readTypeSequence(reader, false);
        } catch (GobIncompleteException done) {
            // as it should be: the message held a definition and nothing else
        } catch (GobException e) {
            // what needs the type will be refused; what does not goes on
            calls.badTypeDefinition(message(e));
        }
    }

    private void value(byte[] bytes, int offset, int lastLength) throws GobException {
        int known = types.size();
        try {
            int type = types.readTypeSequence(reader, false);
            if (state == State.HEADER) {
                header(type);
            } else if (type == headerType) {
                calls.headerWithoutBody(new String(method, StandardCharsets.UTF_8));
                header(type);
            } else {
                argument(type, lastLength);
            }
            dropPartial();
        } catch (GobIncompleteException e) {
            types.truncate(known);
            if (partialLengths.length == 0) {
                requireBudget(lastLength);
                partial = Arrays.copyOfRange(bytes, offset, offset + lastLength);
                partialLengths = new int[] {lastLength};
                readAgain = 0;
            }
        }
    }

    // ---- headers ----

    private void header(int type) throws GobException {
        if (type != headerType) {
            learnHeader(type);
        }
        method = NOTHING;
        seq = 0;
        int field = -1;
        for (long delta = reader.readUint(); delta != 0; delta = reader.readUint()) {
            if (delta < 0 || delta > headerFields.length - 1 - field) {
                throw broken("field " + delta + " beyond " + field + " of " + headerFields.length);
            }
            field += (int) delta;
            switch (headerFields[field]) {
                case METHOD -> {
                    int begin = reader.readBytes();
                    MethodTable.Entry<?, ?> last = entry;
                    // nearly always it is the method of the call before
                    method = last != null
                                    && Arrays.equals(
                                            last.utf8,
                                            0,
                                            last.utf8.length,
                                            reader.array(),
                                            begin,
                                            begin + reader.length())
                            ? last.utf8
                            : Arrays.copyOfRange(reader.array(), begin, begin + reader.length());
                }
                case SEQ -> seq = reader.readUint();
                default -> GobSkipper.skip(reader, types, headerFields[field]);
            }
        }
        if (entry == null || method != entry.utf8) {
            entry = methods.find(new String(method, StandardCharsets.UTF_8));
        }
        state = State.ARGUMENT;
    }

    private static final int METHOD = -1;
    private static final int SEQ = -2;

    /** Works out which field is which; what is neither keeps the number of its type, to be skipped. */
    private void learnHeader(int type) throws GobException {
        if (!(types.find(type) instanceof GobType.Struct struct)) {
            throw broken("type " + type + " is not a struct that has been defined");
        }
        int[] fields = new int[struct.fields().size()];
        int known = 0;
        for (int i = 0; i < fields.length; i++) {
            GobType.Field field = struct.fields().get(i);
            if (field.name().equals("ServiceMethod") && field.type() == GobType.Basic.STRING.id()) {
                fields[i] = METHOD;
                known++;
            } else if (field.name().equals("Seq") && field.type() == GobType.Basic.UINT.id()) {
                fields[i] = SEQ;
                known++;
            } else {
                fields[i] = field.type();
            }
        }
        if (known == 0) {
            throw broken("type mismatch: no fields of " + struct.name() + " are those of a request");
        }
        headerType = type;
        headerFields = fields;
    }

    // ---- arguments ----

    private void argument(int type, int lastLength) throws GobException {
        MethodTable.Entry<?, ?> target = entry;
        try {
            if (target == null) {
                skipUnwanted(type);
                String reason = methods.whyNot(new String(method, StandardCharsets.UTF_8));
                calls.refuse(method, seq, RpcObserver.Refusal.NO_METHOD, reason);
            } else {
                decodeAndCall(target, type, lastLength);
            }
        } catch (GobIncompleteException e) {
            throw e;
        } catch (GobException | RpcException e) {
            calls.refuse(method, seq, RpcObserver.Refusal.BAD_ARGUMENT, message(e));
        }
        state = State.HEADER;
    }

    private void skipUnwanted(int type) throws GobIncompleteException {
        try {
            GobSkipper.skipTop(reader, types, type);
        } catch (GobIncompleteException e) {
            throw e;
        } catch (GobException e) {
            // nobody wants it anyway, and its message ends where it ends
        }
    }

    private <A, R> void decodeAndCall(MethodTable.Entry<A, R> target, int type, int lastLength)
            throws GobException, RpcException {
        A argument = decoder(target).decode(reader, types, type);
        calls.call(target, seq, argument, lastLength);
    }

    @SuppressWarnings("unchecked") // an entry's decoder makes what the entry's method takes
    private <A, R> ArgumentDecoder<A> decoder(MethodTable.Entry<A, R> target) {
        ArgumentDecoder<?> decoder = decoders.get(target);
        if (decoder == null) {
            decoder = target.decoders.get();
            decoders.put(target, decoder);
        }
        return (ArgumentDecoder<A>) decoder;
    }

    @Override
    public void skipped(boolean typeDefinition, String reason) throws GobException {
        if (typeDefinition) {
            calls.badTypeDefinition(reason);
        } else if (state == State.ARGUMENT) {
            dropPartial();
            state = State.HEADER;
            calls.refuse(method, seq, RpcObserver.Refusal.TOO_LARGE, reason);
        } else {
            throw broken(reason);
        }
    }

    // ---- a value in several messages ----

    private void addToPartial(byte[] bytes, int offset, int length) throws GobException {
        readAgain += partial.length + (long) length;
        if (readAgain > messageBytes) {
            throw broken("bytes read, again and again, of a value in several messages: " + readAgain + " (expected: <= "
                    + messageBytes + ")");
        }
        requireBudget(length);
        int size = partial.length;
        partial = Arrays.copyOf(partial, size + length);
        System.arraycopy(bytes, offset, partial, size, length);
        partialLengths = Arrays.copyOf(partialLengths, partialLengths.length + 1);
        partialLengths[partialLengths.length - 1] = length;
        reader.reset(partial, 0, partialLengths[0]);
        for (int i = 1; i < partialLengths.length; i++) {
            reader.append(partialLengths[i]);
        }
    }

    private void requireBudget(int bytes) throws GobException {
        if (!budget.take(bytes)) {
            throw broken("buffers for unfinished messages are used up: " + budget.limit() + " bytes");
        }
    }

    private void dropPartial() {
        if (partialLengths.length > 0) {
            int held = 0;
            for (int length : partialLengths) {
                held += length;
            }
            budget.giveBack(held);
            partial = NOTHING;
            partialLengths = new int[0];
        }
    }

    /** Gives the memory back. */
    void close() {
        dropPartial();
    }

    private static GobException broken(String reason) {
        return new GobException("rpc: server cannot decode request: gob: " + reason);
    }

    private static String message(Exception e) {
        return String.valueOf(e.getMessage());
    }
}
