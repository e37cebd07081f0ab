package io.github.pgwatchrpc.rpc.gob;

import java.util.List;

/**
 * A type as it is described on the wire. Other types are named by their number and looked up in {@link GobTypes}, since
 * types may be recursive and their definitions arrive in any order.
 */
public sealed interface GobType {

    /**
     * The type's number in its stream.
     *
     * @return 1 to 8 for the basic types, 64 and up for what the sender defined
     */
    int id();

    /** The types that every stream knows. Their numbers are fixed by the format. */
    enum Basic implements GobType {
        /** One bit. */
        BOOL(1),
        /** A signed integer of up to 64 bits. */
        INT(2),
        /** An unsigned integer of up to 64 bits. */
        UINT(3),
        /** A floating-point number of 64 bits. */
        FLOAT(4),
        /** Bytes. */
        BYTES(5),
        /** Text, by Go's convention in UTF-8. */
        STRING(6),
        /** Two floating-point numbers. */
        COMPLEX(7),
        /** A value that brings its type's name along, or nil. */
        INTERFACE(8);

        private final int id;

        Basic(int id) {
            this.id = id;
        }

        @Override
        public int id() {
            return id;
        }
    }

    /**
     * An array.
     *
     * @param id the type's number
     * @param name the type's name, often empty
     * @param element number of the elements' type
     * @param length how many elements each value has
     */
    record Array(int id, String name, int element, long length) implements GobType {}

    /**
     * A slice.
     *
     * @param id the type's number
     * @param name the type's name, often empty
     * @param element number of the elements' type
     */
    record Slice(int id, String name, int element) implements GobType {}

    /**
     * A map.
     *
     * @param id the type's number
     * @param name the type's name, often empty
     * @param key number of the keys' type
     * @param element number of the values' type
     */
    record Map(int id, String name, int key, int element) implements GobType {}

    /**
     * A struct.
     *
     * @param id the type's number
     * @param name the type's name
     * @param fields in the order of their numbers on the wire, from 0
     */
    record Struct(int id, String name, List<Field> fields) implements GobType {
        /**
         * Copies the list.
         *
         * @param id the type's number
         * @param name the type's name
         * @param fields in the order of their numbers on the wire, from 0
         */
        public Struct {
            fields = List.copyOf(fields);
        }
    }

    /**
     * A field of a struct.
     *
     * @param name the field's name
     * @param type number of the field's type
     */
    record Field(String name, int type) {}

    /**
     * A type that writes itself, as bytes that only it understands.
     *
     * @param id the type's number
     * @param name the type's name
     * @param marshaler by which of Go's interfaces it does so
     */
    record Opaque(int id, String name, Marshaler marshaler) implements GobType {}

    /** The interfaces of Go by which a type writes itself. */
    enum Marshaler {
        /** {@code gob.GobEncoder}. */
        GOB,
        /** {@code encoding.BinaryMarshaler}. */
        BINARY,
        /** {@code encoding.TextMarshaler}. */
        TEXT
    }
}
