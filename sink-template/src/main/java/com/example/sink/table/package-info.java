/** CHANGE: one line that tells where this sink writes to. Here: a table in a text file. */
package com.example.sink.table;
