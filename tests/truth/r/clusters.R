# Errors with few clusters: reference values for tests/truth/test_clusters_against_r.py.
# Run in this folder: Rscript clusters.R
# Reads panel_data.csv (panel.R), writes clusters.csv.
suppressPackageStartupMessages({
  library(plm)
  library(clubSandwich)
  library(sandwich)
})
data <- read.csv("panel_data.csv")
size <- table(data$person)
data <- data[data$person %in% names(size)[size > 1], ]
for (w in c(6, 12, 24)) {
  data[[paste0("p", w)]] <- as.numeric(data$arm == "programme" & data$wave == w)
}
data$place <- as.integer(factor(data$municipality))
data$few <- data$place %% 7          # unequal clusters of persons
data$band <- (7 * data$person) %% 29  # a second clustering of persons
terms <- c("p6", "p12", "p24", "income")
rows <- list()
keep <- function(model, estimate, std_error, df) {
  rows[[length(rows) + 1]] <<- data.frame(
    model = model, term = terms, estimate = sprintf("%.17g", estimate),
    std_error = sprintf("%.17g", std_error), df = sprintf("%.17g", df)
  )
}

# CR2 and Satterthwaite's degrees of freedom of plm within models, effects counted.
index <- pdata.frame(data, index = c("person", "wave"))
for (effect in c("individual", "twoways")) {
  fit <- plm(score ~ p6 + p12 + p24 + income, index, model = "within", effect = effect)
  for (by in c("person", "place", "few")) {
    test <- coef_test(fit, vcov = "CR2", cluster = data[[by]], test = "Satterthwaite")
    keep(paste("CR2", effect, by), test$beta, test$SE, test$df_Satt)
  }
}

# Weights: as variances that differ, on columns times the root of the weight.
root <- sqrt(data$weight)
x <- cbind(as.matrix(data[terms]), model.matrix(~ 0 + factor(person), data),
           model.matrix(~ factor(wave), data)[, -1])
scaled <- x * root
y <- data$score * root
weighted <- lm(y ~ 0 + scaled)
for (by in c("person", "place", "few")) {
  test <- coef_test(weighted, vcov = "CR2", cluster = data[[by]], test = "Satterthwaite",
                    coefs = 1:4)
  keep(paste("CR2 weighted twoways", by), test$beta, test$SE, test$df_Satt)
}

# The jackknife over clusters, each left out in turn, about the estimate: (G - 1)/G of the sum.
jackknife <- function(x, y, cluster) {
  full <- lm.fit(x, y)$coefficients[1:4]
  left_out <- sapply(unique(cluster), function(g) {
    lm.fit(x[cluster != g, ], y[cluster != g])$coefficients[1:4] - full
  })
  g <- length(unique(cluster))
  keep_error <- sqrt((g - 1) / g * rowSums(left_out^2))
  list(full, keep_error, rep(g - 1, 4))
}
for (by in c("place", "few")) {
  found <- jackknife(x, data$score, data[[by]])
  keep(paste("CR3 twoways", by), found[[1]], found[[2]], found[[3]])
  found <- jackknife(scaled, y, data[[by]])
  keep(paste("CR3 weighted twoways", by), found[[1]], found[[2]], found[[3]])
}
plain <- lm(score ~ p6 + p12 + p24 + income, data)
test <- vcovCR(plain, cluster = data$place, type = "CR3")
keep("CR3 pooled place", coef(plain)[-1], sqrt(diag(test))[-1] * sqrt(11 / 12), rep(11, 4))

# Two-way clusters, without and with the factor of the smaller number of clusters.
two <- vcovCL(plain, cluster = data[c("place", "band")], type = "HC0", cadjust = FALSE)
keep("two-way pooled", coef(plain)[-1],
     sqrt(diag(two))[-1] * sqrt(12 / 11 * (nrow(data) - 1) / (nrow(data) - 5)), rep(11, 4))
both <- vcovCL(plain, cluster = data[c("place", "person")], type = "HC0", cadjust = FALSE)
keep("two-way pooled persons", coef(plain)[-1],
     sqrt(diag(both))[-1] * sqrt(12 / 11 * (nrow(data) - 1) / (nrow(data) - 5)), rep(11, 4))

# Driscoll and Kraay.
fit <- plm(score ~ p6 + p12 + p24 + income, index, model = "within", effect = "twoways")
for (lag in 0:2) {
  found <- vcovSCC(fit, maxlag = lag)
  keep(paste("Driscoll-Kraay", lag), coef(fit), sqrt(diag(found)), rep(3, 4))
}
found <- vcovSCC(fit)
keep("Driscoll-Kraay default", coef(fit), sqrt(diag(found)), rep(3, 4))
write.csv(do.call(rbind, rows), "clusters.csv", row.names = FALSE, quote = FALSE)
