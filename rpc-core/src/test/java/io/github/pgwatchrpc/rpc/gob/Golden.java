package io.github.pgwatchrpc.rpc.gob;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** The golden vectors: streams that Go has written, and the truth of what is in them. */
final class Golden {

    private static final Path FOLDER = Path.of("src", "test", "resources", "gob");
    private static final ObjectMapper JSON = new ObjectMapper();

    private Golden() {}

    /** The names of all vectors. */
    static List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(file -> file.endsWith(".gob"))
                    .map(file -> file.substring(0, file.length() - ".gob".length()))
                    .sorted()
                    .toList();
        }
    }

    static byte[] stream(String name) throws IOException {
        return Files.readAllBytes(FOLDER.resolve(name + ".gob"));
    }

    static GobDecoder decoder(String name) throws IOException {
        return new GobDecoder(new ByteArrayInputStream(stream(name)));
    }

    static JsonNode truth(String name) throws IOException {
        return JSON.readTree(FOLDER.resolve(name + ".json").toFile());
    }

    /** All generic values of a vector. */
    static List<Object> values(String name) throws IOException {
        return values(decoder(name));
    }

    static List<Object> values(GobDecoder decoder) throws IOException {
        List<Object> values = new ArrayList<>();
        while (decoder.hasNext()) {
            values.add(decoder.decode());
        }
        return values;
    }

    static List<Object> values(InputStream in) throws IOException {
        return values(new GobDecoder(in));
    }

    /** The messages of a stream, without their lengths. */
    static List<byte[]> messages(byte[] stream) throws IOException {
        List<byte[]> messages = new ArrayList<>();
        GobReader reader = new GobReader(GobLimits.DEFAULT).reset(stream, 0, stream.length);
        while (reader.remaining() > 0) {
            int length = (int) reader.readUint();
            int begin = reader.position();
            reader.skip(length);
            messages.add(Arrays.copyOfRange(stream, begin, begin + length));
        }
        return messages;
    }

    /** A stream of messages. */
    static byte[] stream(List<byte[]> messages) {
        GobWriter out = new GobWriter();
        messages.forEach(out::writeBytes);
        return Arrays.copyOf(out.array(), out.size());
    }
}
