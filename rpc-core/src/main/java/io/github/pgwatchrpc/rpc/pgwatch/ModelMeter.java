package io.github.pgwatchrpc.rpc.pgwatch;

import io.github.pgwatchrpc.rpc.MemoryAccount;

/**
 * Counts what decoding a message takes of {@link ModelLimits}. A decoder asks before it makes something and refuses the
 * message, in its own protocol's words around {@link #refusal}, when the answer is no. Not thread-safe: one a decoder.
 *
 * <p>The prices are upper bounds of what the model allocates, measured on a JVM with compressed pointers. Where it keeps
 * things in arrays, they count thrice: such an array doubles as it grows, and is copied to its size at the end.
 */
public final class ModelMeter {

    private static final int ROW = 3 * Integer.BYTES;
    private static final int CELL = 3 * (Integer.BYTES + Long.BYTES);

    /** Column and entry with their strings and arrays; its name is kept in up to four forms, one with escapes. */
    private static final int COLUMN = 400;

    private static final int COLUMN_NAME_BYTE = 12;

    private static final int SHORT_NAME = 1_024;

    /** Two strings and their entry. */
    private static final int TAG = 200;

    /** An element of a list or object, perhaps itself a map with one entry; the model copies what is nested. */
    private static final int NESTED = 200;

    /** What is taken from the account at a time, so that small steps do not cost. */
    private static final int STEP = 4 << 10;

    /** The array that text is kept in grows as the others do. */
    private static final int COPY = 3;

    private final ModelLimits limits;
    private final MemoryAccount account;
    private long bytes;

    /** Text and bytes of the message, which have no bound of their own here. */
    private long copied;

    private long taken;
    private int columns;
    private String refusal = "";

    /**
     * Counts for one message at a time.
     *
     * @param limits the bounds
     */
    public ModelMeter(ModelLimits limits) {
        this(limits, MemoryAccount.unlimited());
    }

    /**
     * Counts for one message at a time, and takes from an account what it counts. Whoever decodes gives it back: when the
     * message is refused, or when what was made of it is not needed any more.
     *
     * @param limits the bounds
     * @param account of the connection that the messages come from
     */
    public ModelMeter(ModelLimits limits, MemoryAccount account) {
        this.limits = limits;
        this.account = account;
    }

    /** Begins a message. */
    public void begin() {
        bytes = 0;
        copied = 0;
        taken = 0;
        columns = 0;
        refusal = "";
    }

    /**
     * Asks for a row.
     *
     * @param cells how many values it will have, as far as they are known
     * @return whether there is room
     */
    public boolean row(int cells) {
        return take(ROW + (long) CELL * cells);
    }

    /**
     * Asks for another value of a row.
     *
     * @return whether there is room
     */
    public boolean cell() {
        return take(CELL);
    }

    /**
     * Asks whether a column of this name could be had, before it is looked up. Only long names are refused here: one that
     * is short costs little, and is known already as a rule.
     *
     * @param nameBytes length of its name
     * @return whether there is room
     */
    public boolean name(int nameBytes) {
        long wanted = bytes + (long) COLUMN_NAME_BYTE * nameBytes;
        return nameBytes <= SHORT_NAME || wanted <= limits.memoryBytes() || refuse(wanted);
    }

    /**
     * Asks for a column, which costs something when it is met for the first time.
     *
     * @param number its number within the envelope, from 0 in the order of first use
     * @param nameBytes length of its name
     * @return whether there is room
     */
    public boolean column(int number, int nameBytes) {
        return number < columns || newColumn(nameBytes);
    }

    private boolean newColumn(int nameBytes) {
        if (columns == limits.columns()) {
            refusal = "columns of an envelope: " + (columns + 1) + " (expected: <= " + limits.columns() + ")";
            return false;
        }
        columns++;
        return take(COLUMN + (long) COLUMN_NAME_BYTE * nameBytes);
    }

    /**
     * Asks for a custom tag.
     *
     * @return whether there is room
     */
    public boolean tag() {
        return take(TAG);
    }

    /**
     * Asks for a value inside a list or object.
     *
     * @return whether there is room
     */
    public boolean nested() {
        return take(NESTED);
    }

    /**
     * Asks for text or bytes, which are copied out of the message.
     *
     * @param length in bytes
     * @return whether there is room
     */
    public boolean copy(int length) {
        copied += (long) COPY * length;
        return bytes + copied <= taken || takeFromAccount();
    }

    /**
     * What has been taken from the account for this message.
     *
     * @return bytes
     */
    public long taken() {
        return taken;
    }

    private boolean take(long more) {
        bytes += more;
        return bytes <= limits.memoryBytes() ? bytes + copied <= taken || takeFromAccount() : refuse(bytes);
    }

    private boolean takeFromAccount() {
        // a large message takes in larger steps
        long more = Math.max(bytes + copied - taken, Math.max(STEP, taken / 8));
        if (!account.take(more)) {
            refusal = account.noRoomFor(more);
            return false;
        }
        taken += more;
        return true;
    }

    private boolean refuse(long wanted) {
        refusal =
                "memory for the values of a message: " + wanted + " bytes (expected: <= " + limits.memoryBytes() + ")";
        return false;
    }

    /**
     * Why there was no room.
     *
     * @return names the value and the bound
     */
    public String refusal() {
        return refusal;
    }

    /**
     * The bounds.
     *
     * @return what was given
     */
    public ModelLimits limits() {
        return limits;
    }
}
