//! The tools.

mod execute_tool;
mod list_tabs;
mod show_schema;
mod show_tab;
