package io.github.pgwatchrpc.measurement;

/**
 * What a column of a {@link Measurement} holds. An absent column has no type: it is simply not in the row.
 *
 * <p>How the wire's types arrive here:
 *
 * <table>
 *   <caption>From the wire to the model</caption>
 *   <tr><th>net/rpc (gob)</th><th>gRPC (protobuf)</th><th>type</th></tr>
 *   <tr><td>nil</td><td>null</td><td>{@link #NULL}</td></tr>
 *   <tr><td>bool</td><td>bool</td><td>{@link #BOOLEAN}</td></tr>
 *   <tr><td>int … int64, uint … uint64 up to 2<sup>63</sup>−1</td><td>–</td><td>{@link #INT64}</td></tr>
 *   <tr><td>uint64 above 2<sup>63</sup>−1</td><td>–</td><td>{@link #UINT64}</td></tr>
 *   <tr><td>float32</td><td>–</td><td>{@link #FLOAT32}</td></tr>
 *   <tr><td>float64</td><td>number</td><td>{@link #DOUBLE}</td></tr>
 *   <tr><td>string, complex, time.Time, text marshalers</td><td>string</td><td>{@link #TEXT}</td></tr>
 *   <tr><td>[]byte, binary and gob marshalers</td><td>–</td><td>{@link #BYTES}</td></tr>
 *   <tr><td>array, slice</td><td>list</td><td>{@link #LIST}</td></tr>
 *   <tr><td>map, struct</td><td>struct</td><td>{@link #OBJECT}</td></tr>
 * </table>
 */
public enum ValueType {
    /** SQL's null: the column is there and has no value. */
    NULL,
    /** True or false, as {@link Boolean}. */
    BOOLEAN,
    /** A signed integer of 64 bits, as {@link Long}. Never turned into a floating-point number. */
    INT64,
    /** An integer above {@link Long#MAX_VALUE} and below 2<sup>64</sup>, as {@link java.math.BigInteger}. */
    UINT64,
    /**
     * A number that its sender held in single precision, as {@link Float}. It is apart from {@link #DOUBLE} so that
     * 0.1 is written as {@code 0.1} and not as {@code 0.10000000149011612}.
     */
    FLOAT32,
    /** A number in double precision, as {@link Double}; NaN and the infinities occur. */
    DOUBLE,
    /** Text, as {@link String}. */
    TEXT,
    /** Bytes, as {@code byte[]}. */
    BYTES,
    /** An immutable {@link java.util.List} of values of these types. */
    LIST,
    /** An immutable {@link java.util.Map} from text to values of these types, in the order of arrival. */
    OBJECT;

    // values() makes a new array at each call
    private static final ValueType[] ALL = values();

    /** The number by which a cell holds this type. It stands in files ({@link BinaryWriter}): never change the order. */
    @SuppressWarnings("EnumOrdinal")
    int code() {
        return ordinal();
    }

    static ValueType of(int code) {
        return ALL[code];
    }
}
