package io.github.pgwatchrpc.sink.mongo;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoDatabase;
import io.github.pgwatchrpc.sink.testkit.Arrived;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bson.Document;
import org.bson.types.Binary;

/** Reads documents back as the rows that they were. */
final class Stored {

    private Stored() {}

    static List<Document> documents(String uri, String database) {
        List<Document> all = new ArrayList<>();
        try (MongoClient client = MongoClients.create(uri)) {
            MongoDatabase from = client.getDatabase(database);
            for (String collection : from.listCollectionNames()) {
                if (!collection.startsWith("system.")) {
                    from.getCollection(collection).find().into(all);
                }
            }
        }
        return all;
    }

    static List<Arrived> rows(String uri, String database) {
        return documents(uri, database).stream().map(Stored::row).toList();
    }

    private static Arrived row(Document document) {
        Document meta = document.get("meta", Document.class);
        Map<String, String> tags = new LinkedHashMap<>();
        meta.get("tags", new Document()).forEach((name, value) -> tags.put(plain(name), (String) value));
        Map<String, Object> fields = new LinkedHashMap<>();
        document.forEach((name, value) -> {
            if (!List.of("_id", "time", "meta", "epoch_ns").contains(name)) {
                fields.put(plain(name), value(value));
            }
        });
        long nanos = document.getLong("epoch_ns");
        if (document.get("time", Date.class).getTime() != Math.floorDiv(nanos, 1_000_000L)) {
            throw new AssertionError("time: " + document);
        }
        return new Arrived(meta.getString("database"), meta.getString("metric"), nanos, tags, fields);
    }

    private static Object value(Object value) {
        if (value instanceof Binary binary) {
            return binary.getData();
        } else if (value instanceof List<?> list) {
            List<Object> all = new ArrayList<>();
            list.forEach(each -> all.add(value(each)));
            return all;
        } else if (value instanceof Map<?, ?> map) {
            Map<String, Object> all = new LinkedHashMap<>();
            map.forEach((name, each) -> all.put(plain((String) name), value(each)));
            return all;
        }
        return value;
    }

    /** The name that became this one. */
    static String plain(String name) {
        if (name.equals("%")) {
            return "";
        }
        StringBuilder plain = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            if (name.charAt(i) == '%') {
                plain.append((char) Integer.parseInt(name.substring(i + 1, i + 3), 16));
                i += 2;
            } else {
                plain.append(name.charAt(i));
            }
        }
        return plain.toString();
    }
}
