"""The tables of the platform's side: what the app is told, where it is installed, and what opens a shop's API.

Moments that run on the compressed clock are kept as seconds since 1970, like the deliveries' ``next_at``.
"""

TABLES = """
CREATE TABLE IF NOT EXISTS app_settings (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS installations (
  shop TEXT PRIMARY KEY, scopes TEXT NOT NULL, installed INTEGER NOT NULL, static_token INTEGER NOT NULL,
  protected_data INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS tokens (
  id INTEGER PRIMARY KEY AUTOINCREMENT, shop TEXT NOT NULL, mode TEXT NOT NULL, access_token TEXT NOT NULL UNIQUE,
  expires_at REAL, refresh_token TEXT UNIQUE, refresh_until REAL, first_used_at REAL, replaces INTEGER,
  created_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS tokens_of_shop ON tokens (shop);
CREATE TABLE IF NOT EXISTS codes (
  code TEXT PRIMARY KEY, shop TEXT NOT NULL, scopes TEXT NOT NULL, mode TEXT NOT NULL, expires_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS bulk_operations (
  id INTEGER PRIMARY KEY, shop TEXT NOT NULL, query TEXT NOT NULL, grouped INTEGER NOT NULL, version TEXT NOT NULL,
  status TEXT NOT NULL, error_code TEXT, created_at TEXT NOT NULL, completed_at TEXT,
  objects INTEGER NOT NULL DEFAULT 0, roots INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS bulk_operations_of_shop ON bulk_operations (shop, created_at);
CREATE TABLE IF NOT EXISTS rotations (
  shop TEXT PRIMARY KEY, old_secret TEXT NOT NULL, share REAL NOT NULL, until REAL
);
"""
