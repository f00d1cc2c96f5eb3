# Panel models: data and reference values for tests/truth/test_panel_against_r.py.
# Run in this folder: Rscript panel.R
# Writes panel_data.csv (unbalanced, with gaps and singletons) and panel.csv.
suppressPackageStartupMessages({
  library(plm)
  library(sandwich)
})

set.seed(20261)
n <- 140
person <- data.frame(
  person = seq_len(n),
  arm = ifelse(runif(n) < 0.5, "programme", "comparison"),
  municipality = sample(sprintf("m%02d", 1:12), n, replace = TRUE),
  age = round(runif(n, 20, 60)),
  sex = sample(c("f", "m"), n, replace = TRUE),
  weight = round(runif(n, 0.3, 2), 3),
  level = rnorm(n, 0.5, 0.15)
)
data <- merge(person, data.frame(wave = c(0, 6, 12, 24)))
data$income <- round(rnorm(nrow(data), 10 + data$wave / 12, 2), 3)
gain <- c("0" = 0, "6" = 0.02, "12" = 0.05, "24" = 0.03)[as.character(data$wave)]
data$score <- round(data$level + 0.002 * data$wave + 0.01 * data$income +
  ifelse(data$arm == "programme", gain, 0) + rnorm(nrow(data), 0, 0.08), 4)
data <- data[runif(nrow(data)) < 0.72, ]
data$level <- NULL
data <- data[order(data$person, data$wave), ]
write.csv(data, "panel_data.csv", row.names = FALSE, quote = FALSE)

rows <- list()
keep <- function(model, term, estimate, std_error) {
  rows[[length(rows) + 1]] <<- data.frame(
    model = model, term = term, estimate = sprintf("%.17g", estimate),
    std_error = sprintf("%.17g", std_error)
  )
}

for (wave in c(6, 12, 24)) {
  data[[paste0("p", wave)]] <- as.numeric(data$arm == "programme" & data$wave == wave)
}
terms <- c(p6 = "arm[programme]:wave[6]", p12 = "arm[programme]:wave[12]",
           p24 = "arm[programme]:wave[24]", income = "income")

# Within estimators and their model-based errors.
index <- pdata.frame(data, index = c("person", "wave"))
one <- plm(score ~ income, index, model = "within", effect = "individual")
two <- plm(score ~ p6 + p12 + p24 + income, index, model = "within", effect = "twoways")
keep("plm individual", "income", coef(one), sqrt(diag(vcov(one))))
keep("plm twoways", terms[names(coef(two))], coef(two), sqrt(diag(vcov(two))))

# Cluster-robust errors: dummies for the effects, plain clustered sandwich, then the correction of
# fixest, G/(G-1) (n-1)/(n-K): persons lie in one cluster, so that they count as one coefficient
# together, while wave effects count. Singletons are dropped first.
size <- table(data$person)
used <- data[data$person %in% names(size)[size > 1], ]
clustered <- function(model, formula, which, n_counted, cluster, weights = NULL) {
  used$w_ <- if (is.null(weights)) 1 else weights
  fit <- lm(formula, used, weights = w_)
  g <- length(unique(cluster))
  factor <- g / (g - 1) * (nrow(used) - 1) / (nrow(used) - n_counted)
  v <- factor * vcovCL(fit, cluster = cluster, type = "HC0", cadjust = FALSE)[which, which]
  keep(model, terms[which], coef(fit)[which], sqrt(diag(as.matrix(v))))
  if (all(c("p6", "p12", "p24") %in% which)) {
    share <- c(1, 1, 1) / 3
    three <- c("p6", "p12", "p24")
    keep(paste(model, "mean of waves"), "arm[programme]:post", sum(share * coef(fit)[three]),
         sqrt(drop(t(share) %*% v[three, three] %*% share)))
  }
}
one_way <- score ~ 0 + income + factor(person)
two_way <- score ~ 0 + p6 + p12 + p24 + income + factor(person) + factor(wave)
all_terms <- c("p6", "p12", "p24", "income")
n_wave <- length(unique(used$wave))
clustered("individual by person", one_way, "income", 1 + 1, used$person)
clustered("twoways by person", two_way, all_terms, 4 + n_wave, used$person)
clustered("twoways by municipality", two_way, all_terms, 4 + n_wave, used$municipality)
clustered("twoways weighted by person", two_way, all_terms, 4 + n_wave, used$person, used$weight)
keep("singletons", "rows", nrow(data) - nrow(used), NA)

# Analysis of covariance, wave by wave.
start <- data[data$wave == 0, c("person", "score", "income")]
names(start) <- c("person", "score_0", "income_0")
for (wave in c(6, 12, 24)) {
  now <- merge(data[data$wave == wave, ], start, by = "person")
  now$programme <- as.numeric(now$arm == "programme")
  term <- sprintf("wave[%d]", wave)
  row <- function(model, fit, v) {
    keep(model, term, coef(fit)[["programme"]], sqrt(v["programme", "programme"]))
  }
  plain <- lm(score ~ programme + score_0, now)
  adjusted <- lm(score ~ programme + score_0 + age + sex + income_0, now)
  weighted <- lm(score ~ programme + score_0 + age + sex + income_0, now, weights = weight)
  row("ancova HC3", plain, vcovHC(plain, type = "HC3"))
  row("ancova adjusted HC3", adjusted, vcovHC(adjusted, type = "HC3"))
  row("ancova weighted HC3", weighted, vcovHC(weighted, type = "HC3"))
  row("ancova by municipality", adjusted,
      vcovCL(adjusted, cluster = now$municipality, type = "HC1", cadjust = TRUE))
}

write.csv(do.call(rbind, rows), "panel.csv", row.names = FALSE, quote = FALSE)
