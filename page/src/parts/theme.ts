// Light, dark, or as the system has it.

import { Signal } from "./signal";
import { readJson, writeJson } from "./storage";

export type Theme = "system" | "light" | "dark";
const KEY = "neuron-theme";
const kept = readJson(KEY);

export const theme = new Signal<Theme>(kept === "light" || kept === "dark" ? kept : "system");

export function applyTheme(): void {
  const set = (value: Theme) => {
    if (value === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = value;
  };
  set(theme.value);
  theme.listen((value) => {
    set(value);
    writeJson(KEY, value);
  });
}

export const isDark = (): boolean => theme.value === "dark" || (theme.value === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
