// The dashboard's script: keeps an open page up to date, and draws its charts.

document.documentElement.dataset.ready = "true";
