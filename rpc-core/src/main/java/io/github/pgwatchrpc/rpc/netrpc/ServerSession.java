package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.DeniedException;
import io.github.pgwatchrpc.rpc.Faults;
import io.github.pgwatchrpc.rpc.MemoryAccount;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcObserver.Refusal;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.gob.GobIncompleteException;
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
 * argument, then the next header. It survives everything that leaves the borders of the messages intact and names the
 * call; what it throws has broken the stream.
 *
 * <p><b>Header without body.</b> When Go's client cannot encode an argument, its header has already been sent (net/rpc's
 * client.go writes both into one buffer and does not take the header back), and perhaps the first messages of the
 * argument. Where the argument or its rest should be, the next header follows. It is told by its type, the headers' own:
 * the orphan is dropped without an answer, since its call has failed at the client already.
 *
 * <p><b>Refused arguments</b> are gone past by their types, so that the types which they define are known to later calls.
 * When that fails too, nobody knows where the argument ends; then everything up to the next header belongs to it.
 *
 * <p>Not thread-safe: one event loop.
 */
final class ServerSession implements MessageFraming.Listener {

    /** Where calls and refusals go. */
    interface Calls {

        /** Whether another call can be made now. */
        boolean isReady();

        /** The gate has let a call in. */
        void admitted();

        /**
         * Makes a call whose argument has been decoded.
         *
         * @param held what the argument has taken from the account, to be given back when the call has been answered
         */
        <A, R> void call(MethodTable.Entry<A, R> method, long seq, A argument, RpcPeer peer, int bytes, long held);

        /** Answers without a call. */
        void refuse(byte[] method, long seq, Refused why);

        /** Reports a fault of this program and answers what the peer is told of it. */
        String fault(String method, Throwable fault);

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
        /** A header is expected, and nothing else can be survived. */
        HEADER,
        /** The header's argument is expected. */
        ARGUMENT,
        /** A header is expected, behind an argument that has been refused and whose end was not found. */
        AFTER_REFUSED
    }

    /** Why an argument was refused, and how long the answer is to wait. */
    record Refused(Refusal refusal, String reason, long delayNanos) {
        Refused(Refusal refusal, String reason) {
            this(refusal, reason, 0);
        }
    }

    private static final byte[] NOTHING = {};

    private final Methods methods;
    private final NetRpcLimits limits;
    private final MemoryAccount account;
    private final ArgumentGate gate;
    private final Calls calls;
    private final GobTypes types;
    private final GobReader reader;
    private final Map<MethodTable.Entry<?, ?>, ArgumentDecoder<?>> decoders = new HashMap<>(4);

    private State state = State.HEADER;

    /** The headers' type and what its fields are; it comes once and stays. */
    private int headerType = -1;

    private int[] headerFields = {};

    private byte[] method = NOTHING;
    private int methodLength;
    private long seq;
    private MethodTable.@Nullable Entry<?, ?> entry;

    /** Who makes the call, once the gate has let it in. */
    private @Nullable RpcPeer caller;

    private boolean admitted;

    /** What the last argument has taken from the account. */
    private long held;

    /** Where the value that is being read begins, unless {@link #kept} has it, and how many types were known before. */
    private int begin;

    private int length;
    private int known;

    /** Looks for the end of a value that goes on in the next message; null when none does. */
    private @Nullable GobSkipper scanner;

    /** The messages so far of that value, unless it is refused. */
    private final PartialValue kept;

    private @Nullable Refused refused;

    /** What the gate has said of an argument that has not come to its end: it is asked once for each. */
    private @Nullable Refused refusedEarly;

    ServerSession(Methods methods, NetRpcLimits limits, MemoryAccount account, ArgumentGate gate, Calls calls) {
        this.methods = methods;
        this.limits = limits;
        this.account = account;
        this.gate = gate;
        this.calls = calls;
        this.types = new GobTypes(limits.gob(), new DefinitionsRoom());
        this.reader = new GobReader(limits.gob());
        this.kept = new PartialValue(account);
    }

    /** Definitions are for as long as the connection, so a stranger gets little of its room for them. */
    private final class DefinitionsRoom implements GobTypes.Room {
        private long taken;

        @Override
        public boolean take(long bytes) {
            if (isTooMuch(bytes) || !account.take(bytes)) {
                return false;
            }
            taken += bytes;
            return true;
        }

        @Override
        public void giveBack(long bytes) {
            taken -= bytes;
            account.giveBack(bytes);
        }

        @Override
        public String noRoomFor(long bytes) {
            return isTooMuch(bytes)
                    ? "memory of all of this connection: " + (taken + bytes) + " bytes (expected: <= "
                            + limits.strangerTypeBytes() + " until a call of it has been let in)"
                    : account.noRoomFor(bytes);
        }

        private boolean isTooMuch(long bytes) {
            return !gate.isOpen() && taken + bytes > limits.strangerTypeBytes();
        }
    }

    /** Whether a call has begun and its argument has not ended. */
    boolean isInCall() {
        return state == State.ARGUMENT;
    }

    @Override
    public boolean isReady() {
        return calls.isReady();
    }

    @Override
    public void message(byte[] bytes, int offset, int count) throws GobException {
        if (count == 0) {
            return;
        }
        reader.reset(bytes, offset, count);
        long first;
        try {
            first = reader.readInt();
        } catch (GobException e) {
            lost(e);
            return;
        }
        reader.reset(bytes, offset, count);
        GobSkipper unended = scanner;
        if (unended != null) {
            if (first == headerType && state == State.ARGUMENT) {
                // what the rest begins with has just been defined, so it cannot be the headers' type
                endValue();
                value(offset, count);
            } else {
                if (refused == null) {
                    keep(bytes, offset, count);
                }
                lookForEnd(unended);
            }
        } else if (first < 0) {
            typeDefinition();
        } else {
            value(offset, count);
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

    /**
     * Shows the gate what there is of an argument, for as long as it has let nothing in: what follows a key in front of it
     * need not be a stranger's.
     */
    @Override
    public void unfinished(byte[] bytes, int offset, int count) {
        if (state != State.ARGUMENT || scanner != null || caller != null || refusedEarly != null || admitted) {
            return;
        }
        try {
            long type = reader.resetUnfinished(bytes, offset, count).readInt();
            if (type >= 0 && type <= Integer.MAX_VALUE && type != headerType) {
                ask((int) type);
            }
        } catch (GobException e) {
            // not there yet, or broken: then it will be so when it is there
        }
    }

    // ---- values ----

    /** Reads the value that begins with the reader's message. */
    private void value(int offset, int count) throws GobException {
        begin = offset;
        length = count;
        known = types.size();
        try {
            read(length);
        } catch (GobIncompleteException e) {
            keep(reader.array(), begin, length);
            lookForEnd(scanFromBeginning());
        }
    }

    private void read(int bytes) throws GobException {
        int type;
        try {
            type = types.readTypeSequence(reader, false);
        } catch (GobIncompleteException e) {
            throw e;
        } catch (GobException e) {
            lost(e);
            return;
        }
        if (type == headerType) {
            if (state == State.ARGUMENT) {
                admitIfOpen();
                calls.headerWithoutBody(new String(method, StandardCharsets.UTF_8));
            }
            header();
        } else if (state == State.HEADER) {
            learnHeader(type);
            header();
        } else if (state == State.ARGUMENT) {
            argument(type, bytes);
        }
    }

    /** Keeps the reader's message, or refuses the value. */
    private void keep(byte[] bytes, int offset, int count) throws GobException {
        String noRoom = kept.add(bytes, offset, count, limits.gob().messageBytes());
        if (noRoom != null) {
            if (state != State.ARGUMENT) {
                throw broken(noRoom);
            }
            kept.clear();
            refused = new Refused(Refusal.TOO_LARGE, noRoom);
        }
    }

    /** Puts the reader back to where the value begins and forgets what it has defined: both will be read again. */
    private GobSkipper scanFromBeginning() {
        types.truncate(known);
        if (kept.isEmpty()) {
            reader.reset(reader.array(), begin, length);
        } else {
            kept.reset(reader);
        }
        GobSkipper fresh = new GobSkipper(types);
        scanner = fresh;
        return fresh;
    }

    /** Goes on to the end of the value, and does with it what has been put off. */
    private void lookForEnd(GobSkipper unended) throws GobException {
        try {
            if (!unended.skip(reader)) {
                return;
            }
        } catch (GobException e) {
            lost(e);
            return;
        }
        scanner = null;
        if (refused != null) {
            refuse(refused, State.HEADER);
        } else {
            types.truncate(known);
            kept.reset(reader);
            try {
                read(kept.size());
            } catch (GobIncompleteException e) {
                // the value is there, to its end: whoever reads on reads something else
                lost(e);
            }
            kept.clear();
        }
    }

    /** Nobody knows where the value ends. */
    private void lost(GobException cause) throws GobException {
        if (state == State.ARGUMENT) {
            Refused why = refused;
            refuse(why != null ? why : new Refused(Refusal.BAD_ARGUMENT, message(cause)), State.AFTER_REFUSED);
        } else if (state == State.HEADER || scanner != null) {
            throw broken(message(cause));
        }
    }

    private void refuse(Refused why, State next) {
        endValue();
        state = next;
        calls.refuse(method, seq, why);
    }

    private void endValue() {
        scanner = null;
        refused = null;
        kept.clear();
    }

    // ---- headers ----

    private void header() throws GobException {
        method = NOTHING;
        methodLength = 0;
        seq = 0;
        caller = null;
        refusedEarly = null;
        int field = -1;
        for (long delta = reader.readUint(); delta != 0; delta = reader.readUint()) {
            if (delta < 0 || delta > headerFields.length - 1 - field) {
                throw broken("step to the next field of a request: " + Long.toUnsignedString(delta) + " (expected: <= "
                        + (headerFields.length - 1 - field) + ")");
            }
            field += (int) delta;
            switch (headerFields[field]) {
                case METHOD -> readMethod();
                case SEQ -> seq = reader.readUint();
                default -> GobSkipper.skip(reader, types, headerFields[field]);
            }
        }
        if (entry == null || method != entry.utf8) {
            entry = methods.find(new String(method, StandardCharsets.UTF_8));
        }
        state = State.ARGUMENT;
    }

    /** Keeps the name; nearly always it is that of the call before. */
    private void readMethod() throws GobException {
        int at = reader.readBytes();
        methodLength = reader.length();
        int end = at + methodLength;
        MethodTable.Entry<?, ?> last = entry;
        if (last != null && Arrays.equals(last.utf8, 0, last.utf8.length, reader.array(), at, end)) {
            method = last.utf8;
        } else if (methodLength <= limits.methodBytes()) {
            method = Arrays.copyOfRange(reader.array(), at, end);
        }
    }

    private static final int METHOD = -1;
    private static final int SEQ = -2;

    /** Works out which field is which; what is neither keeps the number of its type, to be skipped. */
    private void learnHeader(int type) throws GobException {
        if (!(types.find(type) instanceof GobType.Struct struct)) {
            throw broken("type of a request: " + type + " (expected: a struct that has been defined)");
        }
        int[] fields = new int[struct.fields().size()];
        boolean any = false;
        for (int i = 0; i < fields.length; i++) {
            GobType.Field field = struct.fields().get(i);
            if (field.name().equals("ServiceMethod") && field.type() == GobType.Basic.STRING.id()) {
                fields[i] = METHOD;
                any = true;
            } else if (field.name().equals("Seq") && field.type() == GobType.Basic.UINT.id()) {
                fields[i] = SEQ;
                any = true;
            } else {
                fields[i] = field.type();
            }
        }
        if (!any) {
            throw broken("type mismatch: no fields of " + struct.name() + " are those of a request");
        }
        headerType = type;
        headerFields = fields;
    }

    // ---- arguments ----

    private void argument(int type, int bytes) throws GobException {
        RpcPeer peer = caller;
        if (peer == null) {
            peer = admit(type);
        }
        MethodTable.Entry<?, ?> target = entry;
        if (peer == null) {
            return;
        } else if (target == null) {
            goPast(Refusal.NO_METHOD, whyNoMethod());
        } else {
            decodeAndCall(target, type, peer, bytes);
        }
    }

    /** Asks the gate, unless it has answered before the argument was there; null if it has refused. */
    private @Nullable RpcPeer admit(int type) throws GobException {
        if (refusedEarly == null) {
            ask(type);
        }
        Refused why = refusedEarly;
        if (why != null) {
            refusedEarly = null;
            goPast(why);
            return null;
        }
        return caller;
    }

    /** Asks the gate, which leaves no trace; its answer is {@link #caller} or {@link #refusedEarly}. */
    private void ask(int type) throws GobIncompleteException {
        long mark = reader.mark();
        int before = types.size();
        try {
            caller = gate.admit(reader, types, type);
            admitIfOpen();
            reader.rewind(mark);
        } catch (GobIncompleteException e) {
            throw e;
        } catch (DeniedException e) {
            refusedEarly = new Refused(Refusal.DENIED, message(e), e.delayNanos());
        } catch (RpcException e) {
            refusedEarly = new Refused(Refusal.DENIED, message(e));
        } catch (GobException e) {
            refusedEarly = new Refused(Refusal.BAD_ARGUMENT, message(e));
        } catch (RuntimeException e) {
            refusedEarly = new Refused(Refusal.DENIED, calls.fault("the gate", e));
        } finally {
            types.truncate(before);
        }
    }

    private void admitIfOpen() {
        if (!admitted && gate.isOpen()) {
            admitted = true;
            calls.admitted();
        }
    }

    private String whyNoMethod() {
        return methodLength > limits.methodBytes()
                ? "rpc: bytes of a method's name: " + methodLength + " (expected: <= " + limits.methodBytes() + ")"
                : methods.whyNot(new String(method, StandardCharsets.UTF_8));
    }

    private <A, R> void decodeAndCall(MethodTable.Entry<A, R> target, int type, RpcPeer peer, int bytes)
            throws GobException {
        A argument;
        try {
            argument = decode(decoder(target), type, peer);
        } catch (GobIncompleteException e) {
            throw e;
        } catch (GobException | RpcException e) {
            goPast(Refusal.BAD_ARGUMENT, message(e));
            return;
        } catch (RuntimeException | Error e) {
            Faults.rethrowIfFatal(e);
            goPast(Refusal.BAD_ARGUMENT, calls.fault(target.name, e));
            return;
        }
        state = State.HEADER;
        calls.call(target, seq, argument, peer, bytes, held);
    }

    private <A> A decode(ArgumentDecoder<A> decoder, int type, RpcPeer peer) throws GobException, RpcException {
        long before = heldButForTypes();
        boolean done = false;
        try {
            A argument = decoder.decode(reader, types, type, peer);
            done = true;
            return argument;
        } finally {
            held = heldButForTypes() - before;
            if (!done) {
                account.giveBack(held);
            }
        }
    }

    /** What an argument defines stays when it goes. */
    private long heldButForTypes() {
        return account.used() - types.memoryBytes();
    }

    private void goPast(Refusal refusal, String reason) throws GobException {
        goPast(new Refused(refusal, reason));
    }

    private void goPast(Refused why) throws GobException {
        refused = why;
        lookForEnd(scanFromBeginning());
    }

    @SuppressWarnings("unchecked") // an entry's decoder makes what the entry's method takes
    private <A, R> ArgumentDecoder<A> decoder(MethodTable.Entry<A, R> target) {
        ArgumentDecoder<?> decoder = decoders.get(target);
        if (decoder == null) {
            decoder = target.decoders.apply(account);
            decoders.put(target, decoder);
        }
        return (ArgumentDecoder<A>) decoder;
    }

    @Override
    public void skipped(boolean typeDefinition, String reason) throws GobException {
        if (state == State.ARGUMENT && scanner != null) {
            Refused why = refused;
            refuse(why != null ? why : new Refused(Refusal.TOO_LARGE, reason), State.AFTER_REFUSED);
        } else if (typeDefinition) {
            calls.badTypeDefinition(reason);
        } else if (state == State.ARGUMENT) {
            // had it more messages, they would come before the next header
            Refused why = refusedEarly;
            refuse(why != null ? why : new Refused(Refusal.TOO_LARGE, reason), State.AFTER_REFUSED);
        } else if (state == State.HEADER) {
            throw broken(reason);
        }
    }

    /** Gives the memory back. */
    void close() {
        endValue();
        types.truncate(0);
    }

    private static GobException broken(String reason) {
        return new GobException("rpc: server cannot decode request: " + reason);
    }

    private static String message(Exception e) {
        return String.valueOf(e.getMessage());
    }
}
