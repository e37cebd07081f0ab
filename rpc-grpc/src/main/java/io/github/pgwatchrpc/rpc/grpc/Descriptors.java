package io.github.pgwatchrpc.rpc.grpc;

import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoException;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Descriptions of services and messages as protoc writes them ({@code FileDescriptorSet}, google/protobuf/descriptor.proto),
 * found by the name of a file or of anything in it. Only the names are read; the rest is handed out as it is.
 */
final class Descriptors {

    /** A file. */
    private static final class File {
        final byte[] bytes;
        String name = "";
        final List<String> imports = new ArrayList<>();

        File(byte[] bytes) {
            this.bytes = bytes;
        }
    }

    private static final int FILE = 1 << 3 | 2;

    private static final int NAME = 1 << 3 | 2;
    private static final int PACKAGE = 2 << 3 | 2;
    private static final int IMPORT = 3 << 3 | 2;
    private static final int MESSAGE = 4 << 3 | 2;
    private static final int ENUM = 5 << 3 | 2;
    private static final int SERVICE = 6 << 3 | 2;

    private static final int FIELD = 2 << 3 | 2;
    private static final int MESSAGE_IN_MESSAGE = 3 << 3 | 2;
    private static final int ENUM_IN_MESSAGE = 4 << 3 | 2;
    private static final int METHOD = 2 << 3 | 2;

    private final Map<String, File> byName = new HashMap<>();
    private final Map<String, File> bySymbol = new HashMap<>();

    /** Adds the files of a set, but those that are there already. */
    void add(byte[] set) throws ProtoException {
        ProtoReader in = new ProtoReader(set);
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (tag == FILE) {
                int begin = in.readBytes();
                addFile(Arrays.copyOfRange(set, begin, begin + in.length()));
            } else {
                in.skip(tag);
            }
        }
    }

    private void addFile(byte[] bytes) throws ProtoException {
        File file = new File(bytes);
        List<String> symbols = new ArrayList<>();
        String scope = "";
        ProtoReader in = new ProtoReader(bytes);
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (tag) {
                case NAME -> file.name = in.readString();
                case PACKAGE -> scope = in.readString();
                case IMPORT -> file.imports.add(in.readString());
                case MESSAGE -> readMessage(in, scope, symbols);
                case ENUM -> readPlain(in, scope, symbols);
                case SERVICE -> readService(in, scope, symbols);
                default -> in.skip(tag);
            }
        }
        if (byName.putIfAbsent(file.name, file) == null) {
            for (String symbol : symbols) {
                bySymbol.putIfAbsent(symbol, file);
            }
        }
    }

    /** Reads the names of a message, of its fields and of what is declared inside it. */
    private static void readMessage(ProtoReader in, String scope, List<String> symbols) throws ProtoException {
        readDeclaration(in, scope, symbols, (tag, name, found) -> {
            switch (tag) {
                case MESSAGE_IN_MESSAGE -> readMessage(in, name, found);
                case ENUM_IN_MESSAGE, FIELD -> readPlain(in, name, found);
                default -> in.skip(tag);
            }
        });
    }

    /** Reads the names of a service and of its methods. */
    private static void readService(ProtoReader in, String scope, List<String> symbols) throws ProtoException {
        readDeclaration(in, scope, symbols, (tag, name, found) -> {
            if (tag == METHOD) {
                readPlain(in, name, found);
            } else {
                in.skip(tag);
            }
        });
    }

    private static void readPlain(ProtoReader in, String scope, List<String> symbols) throws ProtoException {
        readDeclaration(in, scope, symbols, (tag, name, found) -> in.skip(tag));
    }

    /** What to do with a field of a declaration that is not its name. */
    private interface Inside {
        void read(int tag, String scope, List<String> symbols) throws ProtoException;
    }

    /** The name is field 1 of every declaration, and protoc writes fields in their order. */
    private static void readDeclaration(ProtoReader in, String scope, List<String> symbols, Inside inside)
            throws ProtoException {
        int outer = in.enter();
        String name = scope;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (tag == NAME) {
                name = scope.isEmpty() ? in.readString() : scope + "." + in.readString();
                symbols.add(name);
            } else {
                inside.read(tag, name, symbols);
            }
        }
        in.leave(outer);
    }

    /** A file and all that it imports, or nothing. */
    List<byte[]> file(String name) {
        return closure(byName.get(name));
    }

    /** The file that holds a service, a method, a message, a field or an enum, and all that it imports, or nothing. */
    List<byte[]> fileOfSymbol(String symbol) {
        return closure(bySymbol.get(symbol));
    }

    private List<byte[]> closure(@Nullable File first) {
        Set<File> files = new LinkedHashSet<>();
        collect(first, files);
        return files.stream().map(file -> file.bytes).toList();
    }

    private void collect(@Nullable File file, Set<File> files) {
        if (file != null && files.add(file)) {
            file.imports.forEach(each -> collect(byName.get(each), files));
        }
    }
}
